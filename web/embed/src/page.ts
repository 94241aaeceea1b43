import { countArticle } from "./articles";
import { ask } from "./ask";
import { readContext } from "./context";
import { call } from "./http";
import { openMemory } from "./memory";
import type { Embed } from "./parts";
import type { Settings } from "./settings";

/**
 * The version in the address of every part (a file of the script that is fetched when it is needed). The build replaces
 * this name with a string.
 */
declare const VERSION: string;
const MINUTE_MS = 60_000;

/** Starts the script on the current page. Returns the functions for the page's own scripts, `window.keepopen`. */
export function openPage(settings: Settings): NonNullable<Window["keepopen"]> {
  const memory = openMemory(settings);
  const page: Embed = {
    settings,
    memory,
    pageIndex: 0,
    skew: +memory.read().skew! || 0,
    now: () => Date.now() + page.skew,
    async call(path, ...request) {
      const answer = await call(settings.base + path, ...request);
      // Without an answer, or if the browser can't read its time, this is NaN, and the clock is not set.
      const ahead = answer!?.at - Date.now();
      if (Math.abs(ahead - page.skew) > MINUTE_MS) await page.use("state", "setClock", ahead);
      return answer;
    },
    context: () => readContext(settings, memory.canStore(), page.staleCanonical),
    // `import` also works on a page with Trusted Types, or whose content security policy allows only the service's
    // origin.
    part: (name) => import(`${settings.base}/embed/${VERSION}/${name}.js`),
    use: async (name, fn, ...args) => ((await page.part(name))[fn] as any)(page, ...args),
    dispatch: (name, detail) => document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail })),
    start: (isNew) =>
      run(isNew)
        // An invalid stored entry may have caused the error: repair it and try again.
        .catch(async (error) => (debug(error), (await page.use("state", "repair")) && run(false)))
        .catch(debug),
  };

  /**
   * Runs for each page, and again after a repair of the stored entry. First checks how earlier payments ended. If no
   * payment rules out an appeal, asks the service whether to show one.
   */
  const run = async (isNew: boolean): Promise<void> => {
    const { pageIndex } = page;
    const { href } = location;
    const { page: facts } = page.context();
    const { pending, meter } = memory.read();
    // Whether the reader comes back from the payment page or opens a preview. `names.ts` has the parameters.
    const returned = /[?&#]keepopen_/.test(href) || pending.some(({ left }) => left?.url === href.split("#")[0]);
    page.seen = { href, facts, body: document.body };
    // Write on every page, not only on articles, to find out whether the browser can store anything.
    memory.change((stored) => {
      stored.bucket ??= (Math.random() * 1_000_000) | 0;
      if (!isNew || returned || !/^article$/i.test(facts.kind!)) return;
      countArticle(stored, facts.tags ?? [], page.now());
    });
    // An older version stored a `meter`. `settle` calls `repair`, which converts it.
    if ((returned || pending[0] || meter) && (await page.use("settle", "settle", returned))) return;
    // Stop if the reader has moved to another page in the meantime.
    const verdict = pageIndex === page.pageIndex && (await ask(page));
    if (!verdict || pageIndex !== page.pageIndex) return;
    const { show, reason } = verdict;
    if (show) await page.use("show", "showAppeal", verdict);
    else page.dispatch("verdict", { show, reason });
  };
  const debug = (error: unknown) => console.debug("keepopen:", error);
  /** Checks whether the document now shows another page. */
  const checkPage = (trigger: string) => void page.use("follow", "checkPage", trigger).catch(debug);
  /** Starts the script when the document is parsed and not prerendered. Then watches for signs of another page. */
  const begin = () => {
    const { readyState, prerendering } = document as Document & { prerendering?: boolean };
    // The event to wait for, if it is too early to begin.
    const laterEvent = readyState === "loading" ? "DOMContentLoaded" : prerendering && "prerenderingchange";
    if (laterEvent) return document.addEventListener(laterEvent, begin, { once: true });
    // A reload (`reload`) or the back button (`back_forward`) doesn't count as another article.
    page.start(!/^[rb]/.test((performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming)?.type));
    for (const trigger of ["pushState", "replaceState"] as const) {
      const original = history[trigger];
      history[trigger] = (...state) => (original.apply(history, state), checkPage(trigger));
    }
    addEventListener("popstate", () => checkPage("pop"));
    new MutationObserver(() => checkPage("body")).observe(document.documentElement, { childList: true });
  };
  begin();

  return {
    standing: () => page.use("state", "standing").catch(() => "unknown"),
    attribution: () => page.use("state", "attribution"),
    page: () => checkPage("page"),
    forget: memory.forget,
  };
}
