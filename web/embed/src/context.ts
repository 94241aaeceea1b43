import type { Consent, Question, Surface } from "./contract";

/** Where the page context is read from; the browser's own objects, kept apart so that it can be tested without one. */
export interface Source {
  /** `data-…` attributes of the script tag and of the element; they win over the page's meta tags. */
  attributes: Record<string, string | undefined>;
  /** Contents of `<meta name=… | property=…>` with this name, in page order. */
  meta(name: string): string[];
  canonical?: string;
  address: string;
  language: string;
  viewportWidth: number;
}

/**
 * All that a page view tells the service, beside the history and the token (see `ask.ts`): the page's address without its
 * query, its section, tags, kind, whether it is sensitive or paid; the country and region if the page says them; the page's
 * language, a rough size of screen, whether the page says the reader is signed in, and the reader's consent.
 */
export function readContext(site: string, surfaces: Surface[], consent: Consent, from: Source): Question {
  const first = (name: string, ...standard: string[]): string | undefined => {
    const attribute = from.attributes[name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (attribute !== undefined) return attribute.trim() || undefined;
    for (const key of [`keepopen:${name}`, ...standard]) {
      const found = from.meta(key).find((value) => value.trim());
      if (found) return found.trim();
    }
    return undefined;
  };
  const yes = (name: string): boolean | undefined => {
    const value = first(name);
    return value === undefined ? undefined : value.toLowerCase() === "true";
  };
  return {
    site,
    surfaces,
    page: {
      url: withoutQuery(from.canonical ?? first("url", "og:url") ?? from.address, from.address),
      section: first("section", "article:section"),
      tags: tagsOf(from),
      kind: first("kind", "og:type"),
      sensitive: yes("sensitive"),
      paid: yes("paid"),
    },
    reader: {
      country: first("country")?.toUpperCase(),
      region: first("region"),
      locale: from.language || undefined,
      device: from.viewportWidth < 640 ? "mobile" : from.viewportWidth < 1024 ? "tablet" : "desktop",
      signed_in: yes("signed_in"),
      consent,
    },
  };
}

function tagsOf(from: Source): string[] | undefined {
  const own = from.attributes.tags ?? from.meta("keepopen:tags")[0];
  const tags = (own !== undefined ? own.split(",") : from.meta("article:tag")).map((tag) => tag.trim()).filter(Boolean);
  return tags.length ? tags : undefined;
}

/** Queries and fragments may carry what is nobody's business, so they stay here. */
function withoutQuery(address: string, base: string): string {
  try {
    const url = new URL(address, base);
    return url.origin + url.pathname;
  } catch {
    return new URL(base).origin + "/";
  }
}

/** The source that a real page is. */
export function pageSource(attributes: Record<string, string | undefined>): Source {
  return {
    attributes,
    meta: (name) =>
      [...document.querySelectorAll<HTMLMetaElement>("meta[content]")]
        .filter((tag) => tag.name === name || tag.getAttribute("property") === name)
        .map((tag) => tag.content),
    canonical: document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href,
    address: location.href,
    language: document.documentElement.lang,
    viewportWidth: innerWidth,
  };
}
