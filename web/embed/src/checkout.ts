import { formatAmount, parseAmount } from "./amounts";
import type { CheckoutBody, Choices, Gift, Shown } from "./contract";
import { put } from "./days";
import { isForeignFrame, leaveTo, returnAddress, webAddress } from "./leave";
import type { GivenGift, Pending } from "./memory";
import { ATTEMPT_PARAMETER, PREVIEW_PARAMETER, SESSION_PARAMETER } from "./names";
import { type Embed, JSON_BODY } from "./parts";

// The part that takes a reader to the payment page: fetched when the reader turns to the form.

const PATIENCE_MS = 15_000;

export const english = {
  notAnAmount: "Enter an amount, for example {amount}.",
  tooSmall: "The minimum is {amount}.",
  tooLarge: "The maximum is {amount}.",
  tooMany: "Too many attempts. Wait a minute, then try again.",
};

export type EnglishCheckout = typeof english;

export { parseAmount };

/** What is wrong with an amount that was typed, in a sentence; nothing when it can be given. */
export function problemOf(wanted: number | undefined, choices: Choices, locale: string, own: object): string | undefined {
  const { minimum_minor: least, maximum_minor: most, minor_digits: digits, step_minor: step = 1 } = choices;
  const words: EnglishCheckout = { ...english, ...own };
  const [sentence, amount] =
    wanted === undefined || wanted % step ? [words.notAnAmount, Math.max(least, 15 * 10 ** digits)] : wanted < least ? [words.tooSmall, least] : wanted > most ? [words.tooLarge, most] : [];
  return sentence && put(sentence, formatAmount(amount!, choices, locale));
}

/** Why no payment page opened, and where else to give. */
export interface Refusal {
  why: "failed" | "tooMany";
  fallbackUrl?: string;
}

/** One attempt to give. Trying again with the same choice is the same attempt, so nobody pays twice. */
let last: { id: string; about: string } | undefined;
let comeBack: (() => void) | undefined;

/** The last attempt is over: what is given next is another one, also if it is the same gift. */
export function renew(): void {
  last = undefined;
}

/** Opens the payment page for a gift that was chosen in an appeal; a refusal comes back, a success leaves the page. */
export async function openPayment(embed: Embed, verdict: Shown, gift: Gift, given: GivenGift, locale: string): Promise<Refusal | undefined> {
  const { memory, settings } = embed;
  const { attribution, content } = verdict;
  const about = JSON.stringify([embed.turn, attribution, gift.amount_minor, gift.currency, gift.interval, gift.cover_fee]);
  if (last?.about !== about) last = { id: uuid(), about };
  const attempt = last.id;
  const pending: Pending = { attempt, session: "", at: embed.now(), gift: given };
  if (content.thanks) pending.thanks = { ...content.thanks, locale };
  // A preview doesn't stand there again.
  if (attribution) pending.left = { url: location.href.split("#")[0]!, verdict, gift };
  /** Writes it down with its session, or takes away what was written without one. */
  const write = (session?: string) => {
    if (!memory.works()) return;
    memory.change((kept) => {
      const others = kept.pending.filter((one) => one.session);
      kept.pending = session === undefined ? others : [...others, { ...pending, session }].slice(-5);
    });
  };
  // Whether there is room for it must be known before the address is made.
  write("");
  // What this browser must know again when it comes back: in the fragment where it can't be kept, which only the payment provider and this browser see.
  const carried = memory.works() && !isForeignFrame() ? "" : `#${ATTEMPT_PARAMETER}=${attempt}`;
  const body: CheckoutBody = { site: settings.site, attempt, ...gift, return_url: ownAddress(returnAddress()) + carried, attribution };
  const answer = await embed.call("/v1/checkout", PATIENCE_MS, body, JSON_BODY);
  const url = answer?.status === 200 ? webAddress(answer.body.url) : undefined;
  if (!url || typeof answer?.body.session !== "string") {
    write();
    if (answer?.body.code === "attempt_reused") last = undefined;
    // The appeal came with another way to give, for the case that the service can't be reached now.
    const fallback = answer?.body.fallback_url ?? content.choices?.fallback_url;
    return { why: answer?.status === 429 ? "tooMany" : "failed", fallbackUrl: webAddress(fallback) };
  }
  write(answer.body.session);
  comeBack ??= () => void embed.part("settle").then(({ again }) => again(embed), () => {});
  addEventListener("pageshow", onPageShow);
  leaveTo(url);
  return undefined;
}

/** The browser took this page out of its back-forward store: it is time to look what became of the payment. */
function onPageShow(event: PageTransitionEvent): void {
  if (event.persisted) comeBack?.();
}

/** The page's address without what is ours in it, and without the fragment. */
export function ownAddress(address: string): string {
  const url = new URL(address);
  url.searchParams.delete(SESSION_PARAMETER);
  url.searchParams.delete(PREVIEW_PARAMETER);
  url.hash = "";
  return url.href;
}

/** `crypto.randomUUID` is missing on plain http pages, so a version 4 UUID is put together here. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
