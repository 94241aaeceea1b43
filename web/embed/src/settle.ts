import type { Pending } from "./memory";
import { ATTEMPT_PARAMETER, PREVIEW_PARAMETER, SESSION_PARAMETER } from "./names";
import type { Embed } from "./parts";
import { notCharged, showNote, showThanks } from "./thanks";
import { exchange } from "./token";

// The part that learns how opened payment pages ended.

/** The service is asked how a payment ended at most so often, unless the reader comes back from it. */
const CHECK_EVERY_MS = 600_000;
const GIVE_UP_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Learns how opened payment pages ended; true when this page must not ask, `left` when the appeal that was left stands there again. */
export async function settle(page: Embed, returned = true): Promise<boolean | "left"> {
  if (new URL(location.href).searchParams.get(PREVIEW_PARAMETER)) {
    await (await page.part("preview")).showPreview(page);
    return true;
  }
  await page.use("state", "repair");
  const { pending } = page.memory.read();
  const isDue = pending.some(({ checked }) => !(Math.abs(page.now() - checked!) < CHECK_EVERY_MS));
  // On a sensitive page thanks are as much out of place as an appeal: the next page learns what became of the gift.
  if (!returned && (page.seen?.facts.sensitive || !isDue)) return pending.some(({ still }) => still);
  const { turn } = page;
  const { session, attempt } = takeReturn();
  const here = location.href.split("#")[0];
  const waiting = [...pending].sort((a) => (a.session === session ? -1 : 0));
  if (session && attempt && !waiting.some((one) => one.session === session)) waiting.unshift({ session, attempt, at: page.now() });
  // A session that is not ours to ask about: somebody may have paid, so this page keeps still.
  let quiet = session !== undefined && waiting[0]?.session !== session;
  for (const pending of waiting) {
    const mine = pending.session === session;
    const outcome = await exchange(page, pending);
    const checked = page.now();
    const isHere = page.turn === turn;
    const { left, choice = left } = pending;
    switch (outcome.state) {
      case "paid":
        drop(page, pending, outcome.token);
        if (isHere) await showThanks(page, pending);
        page.tell("gift", { standing: outcome.standing });
        return true;
      case "processing":
        update(page, pending, { told: true, still: true, checked, left: undefined, choice });
        if (!pending.told && isHere) await showNote(page, "onItsWay");
        return true;
      case "failed":
        drop(page, pending);
        if (isHere) await showNote(page, "notThrough", choice);
        return true;
      case "over":
        drop(page, pending);
        quiet ||= mine;
        continue;
      case "late":
        // Neither thanked so late, nor asked: told, it is kept until it is given up.
        update(page, pending, { told: true, still: true, checked, left: undefined });
        quiet = true;
        break;
      case "refused":
        // A payment known to be on its way is not forgotten because the service no longer talks about its page.
        if (pending.told) update(page, pending, { checked });
        else drop(page, pending);
        quiet = true;
        break;
      case "open":
        update(page, pending, { still: false, checked, left: undefined, choice });
        // Back on the page without having paid: what was left stands there again, and this is no other page view.
        if (left && left.url === here && checked - pending.at < HOUR_MS && isHere) {
          await (await page.part("show")).showLeft(page, left.verdict, left.gift, await notCharged(page, left.verdict.content.locale || document.documentElement.lang));
          return "left";
        }
        quiet ||= mine;
        break;
      case "unknown":
        // Asked again after a minute or so.
        update(page, pending, { still: true, checked: checked - 9 * MINUTE_MS });
        quiet = true;
    }
    if (checked - pending.at > GIVE_UP_MS) drop(page, pending);
  }
  return quiet;
}

/** The same, on a page that the browser kept for the way back. */
export async function again(page: Embed): Promise<void> {
  const show = await page.part("show");
  const before = show.ready();
  if (page.memory.read().pending.length && (await settle(page)) === true) show.close(before);
}

/** Takes the session and the attempt out of the page's address, so that they are not bookmarked, shared or logged further. */
function takeReturn(): { session?: string; attempt?: string } {
  const url = new URL(location.href);
  const session = url.searchParams.get(SESSION_PARAMETER) ?? undefined;
  const attempt = new URLSearchParams(url.hash.slice(1)).get(ATTEMPT_PARAMETER) ?? undefined;
  if (attempt !== undefined) url.hash = "";
  url.searchParams.delete(SESSION_PARAMETER);
  if (session !== undefined || attempt !== undefined) history.replaceState(history.state, "", url.href);
  return { session, attempt };
}

function drop({ memory }: Embed, pending: Pending, token?: string): void {
  memory.change((kept) => {
    kept.pending = kept.pending.filter((other) => other.session !== pending.session);
    if (!token) return;
    kept.token = token;
    delete kept.hold;
  });
}

function update({ memory }: Embed, pending: Pending, change: Partial<Pending>): void {
  memory.change((kept) => {
    kept.pending = kept.pending.map((other) => (other.session === pending.session ? { ...other, ...change } : other));
  });
}
