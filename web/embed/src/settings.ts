/** What the page's author wrote on the script tag. */
export interface Settings {
  /** Address of the service, without a slash at the end. */
  base: string;
  site: string;
  /** Every `data-…` attribute as it is now, for the page context. */
  readonly attributes: Record<string, string | undefined>;
}

/** The service lives where this script came from, also under a sub-path or from a versioned address. */
export function baseOf(scriptUrl: string): string {
  const url = new URL(scriptUrl);
  return url.origin + url.pathname.replace(/(\/embed\/[^/]+)?\/[^/]*$/, "");
}

/** Reads the tag; nothing comes back when there is no site to ask for. A page that is swapped in may bring a tag with other attributes. */
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
