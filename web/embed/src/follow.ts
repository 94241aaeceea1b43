import type { Page } from "../../client/contract";
import type { Embed } from "./parts";

// This part of the script (see `parts.ts`) follows a reader from page to page on a single-page site, where a script
// changes the page without loading a new document. The part is fetched when the page may have changed, and when an
// appeal is shown.

/** A page that a script builds counts as complete if it has not changed for this long. */
const SETTLED_MS = 300;
/** How many times to wait (`SETTLED_MS` each time) for a page that says that it is busy. */
const MAX_WAITS = 30;

let timer = 0;
/** Whether the page that the script is waiting for counts as another article. */
let isNew = false;
/** The `<head>` that the script watches. */
let watched: HTMLHeadElement | undefined;

/**
 * Checks whether this is still the page that the script last asked about. If not, removes what is shown, and asks about
 * the new page when that page is complete. `trigger` is the reason for the check: a function of `history` that was
 * called, `pop` (back or forward), `page` (a call of `keepopen.page()`), or `body` (a new body). `trigger` is
 * undefined if the head has changed.
 */
export function checkPage(page: Embed, trigger?: string): void {
  watch(page);
  const before = page.seen;
  if (!before) return;
  const now = snapshot(page);
  const moved = isMoved(new URL(before.href), new URL(now.href), trigger);
  const isOther = moved || trigger === "page" || textOf(now.facts) !== textOf(before.facts) || now.body !== before.body;
  page.seen = now;
  if (!isOther) return;
  // A page that the reader goes back to doesn't count as another article.
  if (moved || trigger === "page") isNew = trigger !== "pop";
  page.pageIndex++;
  // A page that a script builds may still have the canonical link of the previous page.
  page.staleCanonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  page.close?.();
  startWhenComplete(page, MAX_WAITS);
}

/**
 * Runs the script on the new page when that page is complete. A page that says that it is busy is checked again, up to
 * `tries` times.
 */
function startWhenComplete(page: Embed, tries: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    // Turbo, or another script that sets these attributes, is still building the page.
    if (tries && document.querySelector("html[aria-busy=true], html[data-turbo-preview]")) return startWhenComplete(page, tries - 1);
    page.start(isNew);
    isNew = false;
  }, SETTLED_MS);
}

/**
 * Whether the address is now that of another page. A new fragment does not make another page. Nor does a query that
 * `replaceState` changed, because analytics scripts remove their parameters in this way.
 */
function isMoved(before: URL, now: URL, trigger?: string): boolean {
  return now.pathname !== before.pathname || (now.search !== before.search && trigger !== "replaceState");
}

/** Returns what the script remembers of the current page, to notice another page later. */
function snapshot(page: Embed): NonNullable<Embed["seen"]> {
  return { href: location.href, facts: page.context().page, body: document.body };
}

/** Returns what the page says about itself as text, without its address, so that two pages can be compared. */
function textOf(page: Page): string {
  return JSON.stringify({ ...page, url: undefined });
}

/**
 * Watches for signs of another page: changes in the head and in the browser's history. The loader (`page.ts`) also
 * watches the history, but notices a change later, because it must first fetch this part.
 */
export function watch(page: Embed): void {
  if (watched === document.head) return;
  // With `true`, this listener runs before the listener of the page's own router, which may also change the history.
  if (!watched) addEventListener("popstate", () => checkPage(page, "pop"), true);
  for (const trigger of watched ? [] : (["pushState", "replaceState"] as const)) {
    const original = history[trigger];
    history[trigger] = (...state) => {
      original.apply(history, state);
      checkPage(page, trigger);
    };
  }
  watched = document.head;
  new MutationObserver(() => checkPage(page)).observe(watched, { childList: true, subtree: true, attributeFilter: ["content"] });
}
