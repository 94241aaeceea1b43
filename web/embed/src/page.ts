import { countArticle } from "./articles";
import { ask } from "./ask";
import { readContext } from "./context";
import { call } from "./http";
import { openMemory } from "./memory";
import type { Embed } from "./parts";
import type { Settings } from "./settings";

/** Put in by the build: the version of all parts. */
declare const VERSION: string;
const MINUTE_MS = 60_000;

/** Starts on the page that is there; what comes back is for the page's own scripts. */
export function openPage(settings: Settings): NonNullable<Window["keepopen"]> {
  const memory = openMemory(settings);
  const page: Embed = {
    settings,
    memory,
    turn: 0,
    skew: +memory.read().skew! || 0,
    now: () => Date.now() + page.skew,
    async call(path, ...request) {
      const answer = await call(settings.base + path, ...request);
      const ahead = answer!?.at - Date.now();
      if (Math.abs(ahead - page.skew) > MINUTE_MS) await page.use("state", "setClock", ahead);
      return answer;
    },
    context: () => readContext(settings, memory.works(), page.stale),
    // A module is allowed by the service's origin in the page's policy, and by Trusted Types.
    part: (name) => import(`${settings.base}/embed/${VERSION}/${name}.js`),
    use: async (name, does, ...more) => ((await page.part(name))[does] as any)(page, ...more),
    tell: (name, detail) => document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail })),
    start: (isNew) =>
      run(isNew)
        // What is kept may be odd enough to be in the way.
        .catch(async (error) => (debug(error), (await page.use("state", "repair")) && run(false)))
        .catch(debug),
  };

  /** What happens on a page: first what became of an earlier gift, then, if nothing stands against it, the question. */
  const run = async (isNew: boolean): Promise<void> => {
    const { turn } = page;
    const { href } = location;
    const { page: facts } = page.context();
    const { pending, meter } = memory.read();
    // From the payment page, or with a preview: see `names.ts`.
    const returned = /[?&#]keepopen_/.test(href) || pending.some(({ left }) => left?.url === href.split("#")[0]);
    page.seen = { href, facts, body: document.body };
    // Also without an article, so that it is known whether the browser keeps anything.
    memory.change((kept) => {
      kept.bucket ??= (Math.random() * 1_000_000) | 0;
      if (!isNew || returned || !/^article$/i.test(facts.kind!)) return;
      countArticle(kept, facts.tags ?? [], page.now());
    });
    // An older version kept a `meter`, which is repaired there.
    if ((returned || pending[0] || meter) && (await page.use("settle", "settle", returned))) return;
    const verdict = turn === page.turn && (await ask(page));
    if (!verdict || turn !== page.turn) return;
    const { show, reason } = verdict;
    if (show) await page.use("show", "showAppeal", verdict);
    else page.tell("verdict", { show, reason });
  };
  const debug = (error: unknown) => console.debug("keepopen:", error);
  /** The page may be another now. */
  const look = (how: string) => void page.use("follow", "look", how).catch(debug);
  const begin = () => {
    const { readyState, prerendering } = document as Document & { prerendering?: boolean };
    const early = readyState === "loading" ? "DOMContentLoaded" : prerendering && "prerenderingchange";
    if (early) return document.addEventListener(early, begin, { once: true });
    // A reload, or the way back, is not another article.
    page.start(!/^[rb]/.test((performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming)?.type));
    for (const how of ["pushState", "replaceState"] as const) {
      const original = history[how];
      history[how] = (...state) => (original.apply(history, state), look(how));
    }
    addEventListener("popstate", () => look("pop"));
    new MutationObserver(() => look("body")).observe(document.documentElement, { childList: true });
  };
  begin();

  return {
    standing: () => page.use("state", "standing").catch(() => "unknown"),
    attribution: () => page.use("state", "attribution"),
    page: () => look("page"),
    forget: memory.forget,
  };
}
