import { formatAmount, parseAmount } from "./amounts";
import type { CheckoutBody, Choices, Gift, AppealVerdict } from "./contract";
import { insertValue } from "./days";
import { isForeignFrame, leaveTo, returnAddress, webAddress } from "./leave";
import type { GiftSummary, Pending } from "./memory";
import { ATTEMPT_PARAMETER, PREVIEW_PARAMETER, SESSION_PARAMETER } from "./names";
import { type Embed, JSON_BODY } from "./parts";

// This part of the script (see `parts.ts`) takes a reader to the payment page. It is fetched when the reader points at
// the appeal or focuses it.

const TIMEOUT_MS = 15_000;

export const english = {
  notAnAmount: "Enter an amount, for example {amount}.",
  tooSmall: "The minimum is {amount}.",
  tooLarge: "The maximum is {amount}.",
  tooMany: "Too many attempts. Wait a minute, then try again.",
};

export type EnglishCheckout = typeof english;

export { parseAmount };

/**
 * Returns a sentence that says what is wrong with a typed amount, or undefined if the amount is valid. `translated` has
 * the script's sentences in the chosen language.
 */
export function problemOf(wanted: number | undefined, choices: Choices, locale: string, translated: object): string | undefined {
  const { minimum_minor: minimum, maximum_minor: maximum, minor_digits: digits, step_minor: step = 1 } = choices;
  const words: EnglishCheckout = { ...english, ...translated };
  // The example in `notAnAmount` is 15 in whole units, or the minimum if that is larger.
  const [sentence, amount] =
    wanted === undefined || wanted % step ? [words.notAnAmount, Math.max(minimum, 15 * 10 ** digits)] : wanted < minimum ? [words.tooSmall, minimum] : wanted > maximum ? [words.tooLarge, maximum] : [];
  return sentence && insertValue(sentence, formatAmount(amount!, choices, locale));
}

/** The reason why no payment page opened, and the address of another way to give. */
export interface Refusal {
  why: "failed" | "tooMany";
  fallbackUrl?: string;
}

/**
 * The current attempt: one time that the reader tries to pay. A reader who tries again with the same choice (`about`)
 * uses the same attempt id, and the service returns the same payment page for it. So nobody pays twice.
 */
let currentAttempt: { id: string; about: string } | undefined;
/** Checks how the payment ended. Undefined until a payment page was opened. */
let onReturn: (() => void) | undefined;

/** Ends the current attempt. The next gift then starts a new attempt, even if the choice is the same. */
export function endAttempt(): void {
  currentAttempt = undefined;
}

/**
 * Opens the payment page for a gift that the reader chose in an appeal. `given` is what the thanks will say about it. On
 * success, the browser leaves this page. Otherwise, the function returns the reason.
 */
export async function openPayment(embed: Embed, verdict: AppealVerdict, gift: Gift, given: GiftSummary, locale: string): Promise<Refusal | undefined> {
  const { memory, settings } = embed;
  const { attribution, content } = verdict;
  const about = JSON.stringify([embed.pageIndex, attribution, gift.amount_minor, gift.currency, gift.interval, gift.cover_fee]);
  if (currentAttempt?.about !== about) currentAttempt = { id: uuid(), about };
  const attempt = currentAttempt.id;
  const pending: Pending = { attempt, session: "", at: embed.now(), gift: given };
  if (content.thanks) pending.thanks = { ...content.thanks, locale };
  // `left` makes the script show the appeal again if the reader comes back without having paid. A preview is not shown
  // again.
  if (attribution) pending.left = { url: location.href.split("#")[0]!, verdict, gift };
  /**
   * Stores the payment with this session, which is empty until the service has answered. Without an argument, removes a
   * payment that was stored without a session.
   */
  const save = (session?: string) => {
    if (!memory.canStore()) return;
    memory.change((stored) => {
      const others = stored.pending.filter((one) => one.session);
      stored.pending = session === undefined ? others : [...others, { ...pending, session }].slice(-5);
    });
  };
  // Store the payment before the return URL is built: only a write shows whether the browser can store the payment.
  save("");
  // When the reader returns, the script needs the attempt's id. If the browser can't store the id, the id goes into the
  // fragment of the return URL, which only Stripe and this browser see.
  const fragment = memory.canStore() && !isForeignFrame() ? "" : `#${ATTEMPT_PARAMETER}=${attempt}`;
  const body: CheckoutBody = { site: settings.site, attempt, ...gift, return_url: cleanAddress(returnAddress()) + fragment, attribution };
  const answer = await embed.call("/v1/checkout", TIMEOUT_MS, body, JSON_BODY);
  const url = answer?.status === 200 ? webAddress(answer.body.url) : undefined;
  if (!url || typeof answer?.body.session !== "string") {
    save();
    if (answer?.body.code === "attempt_reused") currentAttempt = undefined;
    // If the service can't be reached now, use the address of another way to give that came with the appeal.
    const fallback = answer?.body.fallback_url ?? content.choices?.fallback_url;
    return { why: answer?.status === 429 ? "tooMany" : "failed", fallbackUrl: webAddress(fallback) };
  }
  save(answer.body.session);
  onReturn ??= () => void embed.part("settle").then(({ settleRestored }) => settleRestored(embed), () => {});
  addEventListener("pageshow", onPageShow);
  leaveTo(url);
  return undefined;
}

/** Checks how the payment ended if the browser restored this page from its back-forward cache. */
function onPageShow(event: PageTransitionEvent): void {
  if (event.persisted) onReturn?.();
}

/** Returns the address without the script's own parameters and without the fragment. */
export function cleanAddress(address: string): string {
  const url = new URL(address);
  url.searchParams.delete(SESSION_PARAMETER);
  url.searchParams.delete(PREVIEW_PARAMETER);
  url.hash = "";
  return url.href;
}

/** Makes a version 4 UUID. `crypto.randomUUID` can't be used, because it does not exist on plain http pages. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
