import type { BannerEvent, EventName, Shown } from "./contract";
import type { Settings } from "./settings";

/** Tells what became of an appeal, unless it is a preview. Best effort: a lost report costs a count, never a page. */
export function report(
  settings: Settings,
  verdict: Shown,
  event: EventName,
  more: Pick<BannerEvent, "ordinal" | "dismissal"> = {},
): void {
  if (!verdict.attribution) return;
  const url = `${settings.base}/v1/banner/events`;
  const told: BannerEvent = { site: settings.site, event, attribution: verdict.attribution, ...more };
  const body = JSON.stringify(told);
  try {
    if (navigator.sendBeacon?.(url, body)) return;
    fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  } catch (error) {
    console.debug("keepopen:", error);
  }
}

/** Calls back once, when half of the element, or half a screen of it, is in view. */
export function whenSeen(element: Element, seen: () => void): void {
  if (typeof IntersectionObserver === "undefined") return seen();
  const steps = Array.from({ length: 11 }, (_, step) => step / 10);
  const observer = new IntersectionObserver(
    (entries) => {
      const enough = entries.some(
        (entry) => entry.intersectionRatio >= 0.5 || entry.intersectionRect.height >= (entry.rootBounds?.height ?? innerHeight) / 2,
      );
      if (!enough) return;
      observer.disconnect();
      seen();
    },
    { threshold: steps },
  );
  observer.observe(element);
}
