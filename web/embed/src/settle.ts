import type { Pending } from "./memory";
import { ATTEMPT_PARAMETER, PREVIEW_PARAMETER, SESSION_PARAMETER } from "./names";
import type { Embed } from "./parts";
import { notCharged, showNote, showThanks } from "./thanks";
import { exchange } from "./token";

// This part of the script (see `parts.ts`) finds out how payments ended after this browser opened their payment page.

/** The minimum time between two checks of pending payments, unless the reader returns from the payment page. */
const CHECK_INTERVAL_MS = 600_000;
const MAX_AGE_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Asks the service how each pending payment ended. A payment is pending while this browser does not know how it ended.
 * Shows the thanks or a note. Returns true if this page must not show an appeal. If the reader has come back without
 * having paid, shows the earlier appeal again and returns `"left"`. `returned` is whether the reader may have come back
 * from the payment page.
 */
export async function settle(page: Embed, returned = true): Promise<boolean | "left"> {
  if (new URL(location.href).searchParams.get(PREVIEW_PARAMETER)) {
    await (await page.part("preview")).showPreview(page);
    return true;
  }
  await page.use("state", "repair");
  const { pending } = page.memory.read();
  const isDue = pending.some(({ checked }) => !(Math.abs(page.now() - checked!) < CHECK_INTERVAL_MS));
  // On a sensitive page, thanks would be as out of place as an appeal, so leave the check to the next page.
  if (!returned && (page.seen?.facts.sensitive || !isDue)) return pending.some(({ still }) => still);
  const { pageIndex } = page;
  const { session, attempt } = takeReturnParameters();
  const here = location.href.split("#")[0];
  // The payment from whose page the reader returns comes first.
  const payments = [...pending].sort((a) => (a.session === session ? -1 : 0));
  if (session && attempt && !payments.some((one) => one.session === session)) payments.unshift({ session, attempt, at: page.now() });
  // If this browser doesn't know which attempt belongs to the session in the address, it can't ask how the payment
  // ended. The reader may have paid, so show no appeal.
  let noAppeal = session !== undefined && payments[0]?.session !== session;
  for (const pending of payments) {
    // Whether this is the payment from whose page the reader has just returned.
    const isReturned = pending.session === session;
    const outcome = await exchange(page, pending);
    const checked = page.now();
    const isSamePage = page.pageIndex === pageIndex;
    const { left, choice = left } = pending;
    switch (outcome.state) {
      case "paid":
        drop(page, pending, outcome.token);
        if (isSamePage) await showThanks(page, pending);
        page.dispatch("gift", { standing: outcome.standing });
        return true;
      case "processing":
        update(page, pending, { told: true, still: true, checked, left: undefined, choice });
        if (!pending.told && isSamePage) await showNote(page, "onItsWay");
        return true;
      case "failed":
        drop(page, pending);
        if (isSamePage) await showNote(page, "notThrough", choice);
        return true;
      case "over":
        drop(page, pending);
        noAppeal ||= isReturned;
        continue;
      case "late":
        // It is too late to thank the reader. Keep the payment until `MAX_AGE_MS`, so that the reader is not asked in
        // the meantime.
        update(page, pending, { told: true, still: true, checked, left: undefined });
        noAppeal = true;
        break;
      case "refused":
        // Keep a payment that is being processed, even if the service no longer says how it ended.
        if (pending.told) update(page, pending, { checked });
        else drop(page, pending);
        noAppeal = true;
        break;
      case "open":
        update(page, pending, { still: false, checked, left: undefined, choice });
        // The reader is back on the page without having paid: show the appeal again. This is not a new page view.
        if (left && left.url === here && checked - pending.at < HOUR_MS && isSamePage) {
          await (await page.part("show")).showAbandoned(page, left.verdict, left.gift, await notCharged(page, left.verdict.content.locale || document.documentElement.lang));
          return "left";
        }
        noAppeal ||= isReturned;
        break;
      case "unknown":
        // Store a check time of nine minutes ago, so that the next check is due in about a minute.
        update(page, pending, { still: true, checked: checked - 9 * MINUTE_MS });
        noAppeal = true;
    }
    if (checked - pending.at > MAX_AGE_MS) drop(page, pending);
  }
  return noAppeal;
}

/**
 * Checks pending payments on a page that the browser restored from its back-forward cache. If a payment rules out an
 * appeal, removes the one that the page shows.
 */
export async function settleRestored(page: Embed): Promise<void> {
  const show = await page.part("show");
  const before = show.ready();
  if (page.memory.read().pending.length && (await settle(page)) === true) show.close(before);
}

/**
 * Returns the session and the attempt from the page's address, and removes them there, so that nobody bookmarks, shares
 * or logs them.
 */
function takeReturnParameters(): { session?: string; attempt?: string } {
  const url = new URL(location.href);
  const session = url.searchParams.get(SESSION_PARAMETER) ?? undefined;
  const attempt = new URLSearchParams(url.hash.slice(1)).get(ATTEMPT_PARAMETER) ?? undefined;
  if (attempt !== undefined) url.hash = "";
  url.searchParams.delete(SESSION_PARAMETER);
  if (session !== undefined || attempt !== undefined) history.replaceState(history.state, "", url.href);
  return { session, attempt };
}

/** Removes a payment from the stored entry. If there is a token, stores it. */
function drop({ memory }: Embed, pending: Pending, token?: string): void {
  memory.change((stored) => {
    stored.pending = stored.pending.filter((other) => other.session !== pending.session);
    if (!token) return;
    stored.token = token;
    delete stored.hold;
  });
}

/** Changes a payment in the stored entry. */
function update({ memory }: Embed, pending: Pending, change: Partial<Pending>): void {
  memory.change((stored) => {
    stored.pending = stored.pending.map((other) => (other.session === pending.session ? { ...other, ...change } : other));
  });
}
