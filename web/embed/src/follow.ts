import type { Page } from "../../client/contract";
import type { Embed } from "./parts";

// The part that follows a reader from page to page within one load of the document: fetched when the page may have become another, and while an appeal
// stands on it.

/** A page that a script puts together counts as complete when nothing of it changed for so long. */
const SETTLED_MS = 300;
/** A page that says that it is busy is waited for so many times. */
const MAX_WAITS = 30;

let timer = 0;
let isNew = false;
let watched: HTMLHeadElement | undefined;

/** Looks whether this is still the page that was asked about; if it isn't, closes what stands there, and asks for the new one when it is complete. */
export function look(page: Embed, how?: string): void {
  watch(page);
  const was = page.seen;
  if (!was) return;
  const now = seen(page);
  const moved = isMoved(new URL(was.href), new URL(now.href), how);
  const isOther = moved || how === "page" || facts(now.facts) !== facts(was.facts) || now.body !== was.body;
  page.seen = now;
  if (!isOther) return;
  // The way back is not another article.
  if (moved || how === "page") isNew = how !== "pop";
  page.turn++;
  // A page that is put together by script may still carry the address of the one before it.
  page.stale = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  page.close?.();
  wait(page, MAX_WAITS);
}

function wait(page: Embed, tries: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    // Turbo, and whoever else says so, is still putting the page together.
    if (tries && document.querySelector("html[aria-busy=true], html[data-turbo-preview]")) return wait(page, tries - 1);
    page.start(isNew);
    isNew = false;
  }, SETTLED_MS);
}

/** A fragment makes no other page, and neither does a query that is replaced, say by a script that counts visits. */
function isMoved(was: URL, now: URL, how?: string): boolean {
  return now.pathname !== was.pathname || (now.search !== was.search && how !== "replaceState");
}

function seen(page: Embed): NonNullable<Embed["seen"]> {
  return { href: location.href, facts: page.context().page, body: document.body };
}

function facts(page: Page): string {
  return JSON.stringify({ ...page, url: undefined });
}

/** Watches what tells of another page at once: what a page says of itself stands in its head, and the loader's own look comes a moment later. */
export function watch(page: Embed): void {
  if (watched === document.head) return;
  // Before the page's own router, which may write the history itself.
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
