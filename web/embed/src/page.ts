import { countArticle, meter } from "./articles";
import { ask } from "./ask";
import { pageSource, readContext } from "./context";
import type { Surface } from "./contract";
import { call } from "./http";
import { openMemory } from "./memory";
import { TAG } from "./names";
import type { Embed } from "./parts";
import type { Settings } from "./settings";

/** Put in by the build: the version of all parts. */
declare const VERSION: string;
/** The service is asked how a payment ended at most so often, unless the reader comes back from it. */
const CHECK_EVERY_MS = 600_000;
const MINUTE_MS = 60_000;

/** Starts on the page that is there; what comes back is for the page's own scripts. */
export function openPage(settings: Settings): NonNullable<Window["keepopen"]> {
  const memory = openMemory(settings);
  let skew = +memory.read().skew! || 0;

  const page: Embed = {
    settings,
    memory,
    turn: 0,
    now: () => Date.now() + skew,
    async call(path, timeoutMs, headers, body) {
      const answer = await call(settings.base + path, timeoutMs, headers, body);
      const ahead = answer!?.at - Date.now();
      if (Math.abs(ahead - skew) > MINUTE_MS) {
        skew = Math.abs(ahead) > MINUTE_MS ? ahead : 0;
        memory.change((kept) => (kept.skew = skew));
      }
      return answer;
    },
    context() {
      const { attributes } = settings;
      // A banner needs no place. A page that hides the one it has wants none.
      const there: Record<string, boolean> = { banner: true };
      for (const place of document.querySelectorAll<HTMLElement>(TAG)) {
        there[/^(inline|wall)$/.exec(place.getAttribute("surface")!)?.[0] ?? "banner"] = place.checkVisibility?.({ visibilityProperty: true }) !== false;
        Object.assign(attributes, place.dataset);
      }
      const surfaces = Object.keys(there).filter((surface) => there[surface] && (attributes.surfaces ?? surface).includes(surface));
      return readContext(settings.site, surfaces as Surface[], memory.works() ? "granted" : "denied", pageSource(attributes, page.stale));
    },
    // A module is allowed by the service's origin in the page's policy, and by Trusted Types.
    part: (name) => import(`${settings.base}/embed/${VERSION}/${name}.js`),
    tell: (name, detail) => document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail })),
    start: (isNew) =>
      run(isNew)
        // What is kept may be odd enough to be in the way.
        .catch(async (error) => (debug(error), (await page.part("settle")).repair(memory) && run(false)))
        .catch(debug),
  };

  /** What happens on a page: first what became of an earlier gift, then, if nothing stands against it, the question. */
  const run = async (isNew: boolean): Promise<void> => {
    const { turn } = page;
    const { href } = location;
    const { page: facts } = page.context();
    const { pending } = memory.read();
    // From the payment page, or with a preview: see `names.ts`.
    const returned = /[?&#]keepopen_/.test(href) || pending.some(({ left }) => left?.url === href.split("#")[0]);
    page.seen = { href, facts, body: document.body };
    // Also without an article, so that it is known whether the browser keeps anything.
    memory.change((kept) => {
      kept.bucket ??= Math.floor(Math.random() * 1_000_000);
      if (!isNew || returned || !/^article$/i.test(facts.kind!)) return;
      kept.articles = countArticle(kept.articles, facts.tags ?? [], page.now());
      kept.meter = meter(kept.meter, page.now());
    });
    // On a sensitive page thanks are as much out of place as an appeal: the next page learns what became of the gift.
    if (returned || (!facts.sensitive && pending.some(({ checked }) => !(Math.abs(page.now() - checked!) < CHECK_EVERY_MS)))) {
      if (await (await page.part("settle")).settle(page)) return;
    } else if (pending.some(({ still }) => still)) return;
    const verdict = turn === page.turn && (await ask(page));
    if (!verdict || turn !== page.turn) return;
    const { show, reason } = verdict;
    if (show) await (await page.part("show")).showAppeal(page, verdict);
    else page.tell("verdict", { show, reason });
  };
  const debug = (error: unknown) => console.debug("keepopen:", error);
  /** The page may be another now. */
  const look = (how: string) => void page.part("follow").then((follow) => follow.look(page, how), debug);
  const begin = () => {
    const { readyState, prerendering } = document as Document & { prerendering?: boolean };
    const early = readyState === "loading" ? "DOMContentLoaded" : prerendering && "prerenderingchange";
    if (early) return document.addEventListener(early, begin, { once: true });
    // A reload, or the way back, is not another article.
    page.start(!/^[rb]/.test((performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming)?.type));
    for (const how of ["push", "replace"] as const) {
      const original = history[`${how}State`];
      history[`${how}State`] = (...state) => (original.apply(history, state), look(how));
    }
    addEventListener("popstate", () => look("pop"));
    new MutationObserver(() => look("body")).observe(document.documentElement, { childList: true });
  };
  begin();

  return {
    standing: () => page.part("settle").then((settle) => settle.standing(page), () => "unknown"),
    attribution: async () => (await page.part("settle")).attribution(page),
    page: () => look("page"),
    forget: memory.forget,
  };
}
