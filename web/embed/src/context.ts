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
  const { attributes, meta, address, viewportWidth: width } = from;
  /** The attribute, or else the first meta tag that says something. */
  const first = (name: string, standard = "", attribute = attributes[name]): string | undefined =>
    attribute === undefined ? [...meta(`keepopen:${name}`), ...meta(standard)].map(trim).find(Boolean) : trim(attribute) || undefined;
  const yes = (text: string | undefined): boolean | undefined => text && (/^true$/i.test(text) as any);
  const tags = (attributes.tags ?? meta("keepopen:tags")[0])?.split(",") ?? meta("article:tag");
  return {
    site,
    surfaces,
    page: {
      url: withoutQuery(from.canonical ?? first("url", "og:url") ?? address, address),
      section: first("section", "article:section"),
      tags: tags.some(trim) ? tags.map(trim).filter(Boolean) : undefined,
      kind: first("kind", "og:type"),
      sensitive: yes(first("sensitive")),
      paid: yes(first("paid")),
    },
    reader: {
      country: first("country")?.toUpperCase(),
      region: first("region"),
      locale: from.language || undefined,
      device: width < 640 ? "mobile" : width < 1024 ? "tablet" : "desktop",
      signed_in: yes(first("signed_in", "", attributes.signedIn)),
      consent,
    },
  };
}

function trim(text: string): string {
  return text.trim();
}

/** Queries and fragments may carry what is nobody's business, so they stay here. */
function withoutQuery(address: string, base: string): string {
  try {
    const url = new URL(address, base);
    return url.origin + url.pathname;
  } catch {
    return new URL("/", base).href;
  }
}

/** The source that a real page is. */
export function pageSource(attributes: Record<string, string | undefined>, stale?: string): Source {
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  return {
    attributes,
    meta: (name) => [...document.querySelectorAll<HTMLMetaElement>(`meta[name="${name}"],meta[property="${name}"]`)].map((tag) => tag.content),
    canonical: canonical === stale ? undefined : canonical,
    address: location.href,
    language: document.documentElement.lang,
    viewportWidth: innerWidth,
  };
}
