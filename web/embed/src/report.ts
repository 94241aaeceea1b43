import type { BannerEvent, EventName, AppealVerdict } from "./contract";
import type { Settings } from "./settings";

/**
 * Reports an event of an appeal (`view`, `click` or `dismiss`), unless the appeal is a preview. A report may get lost,
 * so a count may be too low.
 */
export function report(
  settings: Settings,
  verdict: AppealVerdict,
  event: EventName,
  more: Pick<BannerEvent, "ordinal" | "dismissal"> = {},
): void {
  // A preview has no attribution, and every other appeal has one.
  if (!verdict.attribution) return;
  const url = `${settings.base}/v1/banner/events`;
  const reported: BannerEvent = { site: settings.site, event, attribution: verdict.attribution, ...more };
  const body = JSON.stringify(reported);
  try {
    if (navigator.sendBeacon?.(url, body)) return;
    fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  } catch (error) {
    console.debug("keepopen:", error);
  }
}

/**
 * Calls `seen` once, when half of the element is in view, or when it fills half of the screen. In a browser without
 * IntersectionObserver, calls `seen` at once.
 */
export function whenSeen(element: Element, seen: () => void): void {
  if (typeof IntersectionObserver === "undefined") return seen();
  const steps = Array.from({ length: 11 }, (_, step) => step / 10);
  const observer = new IntersectionObserver(
    (entries) => {
      const isSeen = entries.some(
        (entry) => entry.intersectionRatio >= 0.5 || entry.intersectionRect.height >= (entry.rootBounds?.height ?? innerHeight) / 2,
      );
      if (!isSeen) return;
      observer.disconnect();
      seen();
    },
    { threshold: steps },
  );
  observer.observe(element);
}
