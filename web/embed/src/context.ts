import type { Question, Surface } from "./contract";
import { TAG } from "./names";
import type { Settings } from "./settings";

/**
 * Collects everything that the script sends about a page view, except the history and the token (see `ask.ts`):
 * - the page's address without its query, its section, tags and kind, whether it is sensitive or paid, and its number
 *   in the visit;
 * - the page's language, the size class of the screen, and the reader's consent;
 * - if the page says so: the reader's country, region and traits, and whether the reader is signed in.
 *
 * A place is a `<keepopen-appeal>` element. `data-…` attributes of the script tag and of places take precedence over
 * meta tags. A canonical address that equals `staleCanonical` is ignored, because it is left over from the previous
 * page.
 */
export function readContext({ site, attributes }: Settings, canStore: boolean, staleCanonical?: string): Question {
  // A banner needs no place, because the script adds one. But a page that hides its own place for the banner gets no
  // banner.
  const visible: Record<string, boolean> = {};
  for (const place of document.querySelectorAll<HTMLElement>(TAG)) {
    visible[/^(inline|wall)$/.exec(place.getAttribute("surface")!)?.[0] ?? "banner"] ||= place.checkVisibility?.({ visibilityProperty: true }) !== false;
    Object.assign(attributes, place.dataset);
  }
  /** Returns the contents of the meta tags with this name, in page order. */
  const meta = (name: string) => [...document.querySelectorAll<HTMLMetaElement>(`meta[name="${name}"],meta[property="${name}"]`)].map((tag) => tag.content).map(trim);
  /** Returns the value of the attribute, or else of the first meta tag that is not empty. */
  const first = (name: string, standard = "", attribute = attributes[name]): string | undefined =>
    (attribute === undefined ? [...meta(`keepopen:${name}`), ...meta(standard)].find(Boolean) : trim(attribute)) || undefined;
  /** Returns the names in a comma-separated attribute or meta tag, or else the contents of the standard meta tags. */
  const list = (name: string, standard = ""): string[] | undefined => {
    const all = ((attributes[name] ?? meta(`keepopen:${name}`)[0])?.split(",").map(trim) ?? meta(standard)).filter(Boolean);
    return all[0] ? all : undefined;
  };
  /** Whether the text is `true`. Returns undefined if there is no text. */
  const flag = (text: string | undefined): boolean | undefined => text && (/^true$/i.test(text) as any);
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  const { origin, pathname } = urlOf((canonical !== staleCanonical && canonical) || first("url", "og:url") || "");
  return {
    site,
    // Without a place, only a banner can show. `surface < "c"` is true only for `banner`.
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

/** Parses an address that the page names. If the address is invalid, returns the page's own address. */
function urlOf(address: string): URL | Location {
  try {
    return new URL(address, location.href);
  } catch {
    return location;
  }
}
