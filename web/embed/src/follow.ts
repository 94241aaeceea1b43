import type { Page } from "../../client/contract";
import type { Embed } from "./parts";

// The part that follows a reader from page to page within one load of the document (single-page sites). It is fetched when the page may have changed,
// and when an appeal is shown.

/** A page that a script builds counts as complete when nothing in it has changed for this long. */
const SETTLED_MS = 300;
/** How often to wait for a page that says that it is busy. */
const MAX_WAITS = 30;

let timer = 0;
let isNew = false;
let watched: HTMLHeadElement | undefined;

/** Checks whether this is still the page that the script asked about. If not, closes what is shown, and asks for the new page when it is complete. */
export function look(page: Embed, how?: string): void {
  watch(page);
  const was = page.seen;
  if (!was) return;
  const now = seen(page);
  const moved = isMoved(new URL(was.href), new URL(now.href), how);
  const isOther = moved || how === "page" || facts(now.facts) !== facts(was.facts) || now.body !== was.body;
  page.seen = now;
  if (!isOther) return;
  // The back button doesn't lead to another article.
  if (moved || how === "page") isNew = how !== "pop";
  page.turn++;
  // A page that a script builds may still have the canonical link of the previous page.
  page.stale = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  page.close?.();
  wait(page, MAX_WAITS);
}

function wait(page: Embed, tries: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    // Turbo, or another script that sets these attributes, is still building the page.
    if (tries && document.querySelector("html[aria-busy=true], html[data-turbo-preview]")) return wait(page, tries - 1);
    page.start(isNew);
    isNew = false;
  }, SETTLED_MS);
}

/** Whether the address is that of another page. A new fragment is no other page, nor is a replaced query: scripts that count visits do that. */
function isMoved(was: URL, now: URL, how?: string): boolean {
  return now.pathname !== was.pathname || (now.search !== was.search && how !== "replaceState");
}

function seen(page: Embed): NonNullable<Embed["seen"]> {
  return { href: location.href, facts: page.context().page, body: document.body };
}

function facts(page: Page): string {
  return JSON.stringify({ ...page, url: undefined });
}

/** Watches for signs of another page: changes in the head, and the browser's history, sooner than the loader itself, which first fetches this part. */
export function watch(page: Embed): void {
  if (watched === document.head) return;
  // Runs before the page's own router, which may change the history itself.
  if (!watched) addEventListener("popstate", () => look(page, "pop"), true);
  for (const how of watched ? [] : (["pushState", "replaceState"] as const)) {
    const original = history[how];
    history[how] = (...state) => {
      original.apply(history, state);
      look(page, how);
    };
  }
  watched = document.head;
  new MutationObserver(() => look(page)).observe(watched, { childList: true, subtree: true, attributeFilter: ["content"] });
}
