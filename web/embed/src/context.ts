import type { Question, Surface } from "./contract";
import { TAG } from "./names";
import type { Settings } from "./settings";

/**
 * Everything that the script sends about a page view, in addition to the history and the token (see `ask.ts`): the page's address
 * without its query, its section, tags and kind, whether it is sensitive or paid, and which page of the visit it is; the country and
 * region if the page says them; the page's language, the size class of the screen, whether the page says that the reader is signed
 * in, the traits that the page names, and the reader's consent. `data-…` attributes of the script tag and of the places win over
 * meta tags.
 */
export function readContext({ site, attributes }: Settings, canStore: boolean, staleCanonical?: string): Question {
  // A banner needs no place. But a page that hides its place for the banner gets no banner.
  const visible: Record<string, boolean> = {};
  for (const place of document.querySelectorAll<HTMLElement>(TAG)) {
    visible[/^(inline|wall)$/.exec(place.getAttribute("surface")!)?.[0] ?? "banner"] ||= place.checkVisibility?.({ visibilityProperty: true }) !== false;
    Object.assign(attributes, place.dataset);
  }
  /** The contents of the meta tags with this name, in page order. */
  const meta = (name: string) => [...document.querySelectorAll<HTMLMetaElement>(`meta[name="${name}"],meta[property="${name}"]`)].map((tag) => tag.content).map(trim);
  /** The attribute, or else the first meta tag that is not empty. */
  const first = (name: string, standard = "", attribute = attributes[name]): string | undefined =>
    (attribute === undefined ? [...meta(`keepopen:${name}`), ...meta(standard)].find(Boolean) : trim(attribute)) || undefined;
  /** Names that are separated by commas, or else the contents of several standard tags. */
  const list = (name: string, standard = ""): string[] | undefined => {
    const all = ((attributes[name] ?? meta(`keepopen:${name}`)[0])?.split(",").map(trim) ?? meta(standard)).filter(Boolean);
    return all[0] ? all : undefined;
  };
  const flag = (text: string | undefined): boolean | undefined => text && (/^true$/i.test(text) as any);
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  const { origin, pathname } = urlOf((canonical !== staleCanonical && canonical) || first("url", "og:url") || "");
  return {
    site,
    surfaces: (["banner", "inline", "wall"] as Surface[]).filter((surface) => (visible[surface] ?? surface < "c") && (attributes.surfaces ?? surface).includes(surface)),
    page: {
      // Queries and fragments may contain private data, so they are not sent.
      url: origin + pathname,
      section: first("section", "article:section"),
      tags: list("tags", "article:tag"),
      kind: first("kind", "og:type"),
      sensitive: flag(first("sensitive")),
      paid: flag(first("paid")),
      ordinal: +/^\d{1,6}$/.exec(first("ordinal")!)?.[0]! || undefined,
    },
    reader: {
      country: first("country")?.toUpperCase(),
      region: first("region"),
      locale: document.documentElement.lang || undefined,
      device: innerWidth < 640 ? "mobile" : innerWidth < 1024 ? "tablet" : "desktop",
      signed_in: flag(first("signed_in", "", attributes.signedIn)),
      traits: list("traits"),
      consent: canStore ? "granted" : "denied",
    },
  };
}

function trim(text: string): string {
  return text.trim();
}

/** The address that the page names, or the page's own address if that is invalid. */
function urlOf(address: string): URL | Location {
  try {
    return new URL(address, location.href);
  } catch {
    return location;
  }
}
