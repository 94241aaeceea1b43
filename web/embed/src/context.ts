import type { Question, Surface } from "./contract";
import { TAG } from "./names";
import type { Settings } from "./settings";

/**
 * All that a page view tells the service, in addition to the history and the token (see `ask.ts`): the page's address without its
 * query, its section, tags, kind, whether it is sensitive or paid; the country and region if the page says them; the page's
 * language, a rough size of screen, whether the page says the reader is signed in, the reader's traits that the page names, and the
 * reader's consent. `data-…` attributes of the script tag and of the places win over the page's meta tags.
 */
export function readContext({ site, attributes }: Settings, keeps: boolean, stale?: string): Question {
  // A banner needs no place. A page that hides the one it has wants none.
  const there: Record<string, boolean> = {};
  for (const place of document.querySelectorAll<HTMLElement>(TAG)) {
    there[/^(inline|wall)$/.exec(place.getAttribute("surface")!)?.[0] ?? "banner"] ||= place.checkVisibility?.({ visibilityProperty: true }) !== false;
    Object.assign(attributes, place.dataset);
  }
  /** Contents of the meta tags with this name, in page order. */
  const meta = (name: string) => [...document.querySelectorAll<HTMLMetaElement>(`meta[name="${name}"],meta[property="${name}"]`)].map((tag) => tag.content).map(trim);
  /** The attribute, or else the first meta tag that says something. */
  const first = (name: string, standard = "", attribute = attributes[name]): string | undefined =>
    (attribute === undefined ? [...meta(`keepopen:${name}`), ...meta(standard)].find(Boolean) : trim(attribute)) || undefined;
  /** Names with commas between, or else the contents of several tags. */
  const list = (name: string, standard = ""): string[] | undefined => {
    const all = ((attributes[name] ?? meta(`keepopen:${name}`)[0])?.split(",").map(trim) ?? meta(standard)).filter(Boolean);
    return all[0] ? all : undefined;
  };
  const yes = (text: string | undefined): boolean | undefined => text && (/^true$/i.test(text) as any);
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  const { origin, pathname } = parsed((canonical !== stale && canonical) || first("url", "og:url") || "");
  return {
    site,
    surfaces: (["banner", "inline", "wall"] as Surface[]).filter((surface) => (there[surface] ?? surface < "c") && (attributes.surfaces ?? surface).includes(surface)),
    page: {
      // Queries and fragments may carry what is nobody's business, so they stay here.
      url: origin + pathname,
      section: first("section", "article:section"),
      tags: list("tags", "article:tag"),
      kind: first("kind", "og:type"),
      sensitive: yes(first("sensitive")),
      paid: yes(first("paid")),
      ordinal: +/^\d{1,6}$/.exec(first("ordinal")!)?.[0]! || undefined,
    },
    reader: {
      country: first("country")?.toUpperCase(),
      region: first("region"),
      locale: document.documentElement.lang || undefined,
      device: innerWidth < 640 ? "mobile" : innerWidth < 1024 ? "tablet" : "desktop",
      signed_in: yes(first("signed_in", "", attributes.signedIn)),
      traits: list("traits"),
      consent: keeps ? "granted" : "denied",
    },
  };
}

function trim(text: string): string {
  return text.trim();
}

/** An address that the page wrote, or that of the page itself. */
function parsed(address: string): URL | Location {
  try {
    return new URL(address, location.href);
  } catch {
    return location;
  }
}
