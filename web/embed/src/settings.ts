/** The settings on the script tag. */
export interface Settings {
  /** The service's address, without a slash at the end. */
  base: string;
  site: string;
  /** The current `data-…` attributes, for the page context. */
  readonly attributes: Record<string, string | undefined>;
}

/** Derives the service's address from the script's address, which may contain a sub-path or a version. */
export function baseOf(scriptUrl: string): string {
  const url = new URL(scriptUrl);
  return url.origin + url.pathname.replace(/(\/embed\/[^/]+)?\/[^/]*$/, "");
}

/**
 * Reads the settings from the script tag. Returns undefined if the tag names no site. `attributes` looks for the tag
 * again each time, because a single-page site may have replaced it with a tag that has other attributes.
 */
export function readSettings(script: HTMLOrSVGScriptElement | null): Settings | undefined {
  let tag = script as HTMLScriptElement | null;
  const find = () => (tag?.isConnected ? tag : (tag = document.querySelector<HTMLScriptElement>("script[data-site][src*=embed]") ?? tag));
  const { src, dataset } = find() ?? {};
  if (!src || !dataset?.site) return undefined;
  return {
    base: baseOf(src),
    site: dataset.site,
    get attributes() {
      return { ...find()!.dataset };
    },
  };
}
