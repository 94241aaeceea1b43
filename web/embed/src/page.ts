import { countArticle } from "./articles";
import { ask } from "./ask";
import { readContext } from "./context";
import { call } from "./http";
import { openMemory } from "./memory";
import type { Embed } from "./parts";
import type { Settings } from "./settings";

/** The version of all parts. The build replaces it with a string. */
declare const VERSION: string;
const MINUTE_MS = 60_000;

/** Starts the script on the current page. Returns the functions for the page's own scripts, `window.keepopen`. */
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
    dispatch: (name, detail) => document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail })),
    start: (isNew) =>
      run(isNew)
        // An invalid stored entry may have caused the error: repair it and try again.
        .catch(async (error) => (debug(error), (await page.use("state", "repair")) && run(false)))
        .catch(debug),
  };

  /** Runs once for each page: first follows up earlier payments, then, unless they rule it out, asks whether to show an appeal. */
  const run = async (isNew: boolean): Promise<void> => {
    const { turn } = page;
    const { href } = location;
    const { page: facts } = page.context();
    const { pending, meter } = memory.read();
    // The reader comes from the payment page, or opens a preview: see `names.ts`.
    const returned = /[?&#]keepopen_/.test(href) || pending.some(({ left }) => left?.url === href.split("#")[0]);
    page.seen = { href, facts, body: document.body };
    // Writes on every page, not only on articles, to find out whether the browser can store anything.
    memory.change((kept) => {
      kept.bucket ??= (Math.random() * 1_000_000) | 0;
      if (!isNew || returned || !/^article$/i.test(facts.kind!)) return;
      countArticle(kept, facts.tags ?? [], page.now());
    });
    // An older version stored a `meter`. `settle` converts it.
    if ((returned || pending[0] || meter) && (await page.use("settle", "settle", returned))) return;
    const verdict = turn === page.turn && (await ask(page));
    if (!verdict || turn !== page.turn) return;
    const { show, reason } = verdict;
    if (show) await page.use("show", "showAppeal", verdict);
    else page.dispatch("verdict", { show, reason });
  };
  const debug = (error: unknown) => console.debug("keepopen:", error);
  /** Checks whether the reader is on another page now. */
  const look = (how: string) => void page.use("follow", "look", how).catch(debug);
  const begin = () => {
    const { readyState, prerendering } = document as Document & { prerendering?: boolean };
    const early = readyState === "loading" ? "DOMContentLoaded" : prerendering && "prerenderingchange";
    if (early) return document.addEventListener(early, begin, { once: true });
    // A reload (`reload`) or the back button (`back_forward`) doesn't count as another article.
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
