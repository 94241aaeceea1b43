import type { Consent } from "./contract";

/** What the page's author wrote on the script tag. */
export interface Settings {
  /** Address of the service, without a slash at the end. */
  base: string;
  site: string;
  consent: Consent;
  edge: "top" | "bottom";
  /** Every `data-…` attribute, for the page context. */
  attributes: Record<string, string | undefined>;
}

/** The service lives where this script came from, also under a sub-path or from a versioned address. */
export function baseOf(scriptUrl: string): string {
  const url = new URL(scriptUrl);
  return url.origin + url.pathname.replace(/(\/embed\/[^/]+)?\/[^/]*$/, "");
}

/** Reads the tag; nothing comes back when there is no site to ask for. */
export function readSettings(script: HTMLScriptElement | null): Settings | undefined {
  const attributes = { ...script?.dataset };
  if (!script?.src || !attributes.site) return undefined;
  return {
    base: baseOf(script.src),
    site: attributes.site,
    consent: attributes.consent === "denied" ? "denied" : "granted",
    edge: attributes.edge === "top" ? "top" : "bottom",
    attributes,
  };
}
