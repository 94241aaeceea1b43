import type { Interval } from "./contract";
import { supportsTimes, type OwnTimes, formatPeriodIn, formatFromNowIn } from "./days";
import type { Language } from "./language";

// The script's own sentences, except those of the parts (`ticker.ts`, `checkout.ts`, …). The text of an appeal comes
// from the service.

const english = {
  close: "Close",
  notToday: "Not today",
  later: "Ask me {when}",
  already: "I already support you",
  quietFor: "for {time}",
  /** The sentence that follows each kind of dismissal. */
  farewell: {
    close: "We won’t show this again for {time}.",
    later: "We’ll ask you again {when}.",
    already_gave: "Thank you for your support. We won’t ask you on this device for {time}.",
  },
  more: "More",
  less: "Less",
  give: "Support us",
  other: "Other",
  howOften: "How often",
  howMuch: "How much",
  yourAmount: "Your amount",
  suggested: "Suggested",
  coverFee: "Add {fee} to cover the card fee",
  opening: "Opening the payment page …",
  failed: "We couldn’t open the payment page. You haven’t been charged. Try again in a moment.",
  fallback: "Other ways to support us",
  secure: "Secure payment by Stripe.",
  renews: { once: "", month: "Renews every month. Cancel any time.", year: "Renews every year. Cancel any time." } as Record<Interval, string>,
  intervals: { once: "Once", month: "Monthly", year: "Yearly" } as Record<Interval, string>,
  /** What follows the amount of a gift. */
  gift: { once: "", month: " a month", year: " a year" } as Record<Interval, string>,
};

/** All sentences above, in any language, and how to write times in that language. */
export type English = typeof english & OwnTimes;

/** The script's sentences in the language that `chooseLanguage` chose last. */
export let words: English = english;
/** The language tag of `words`. */
export let language = "en";

/**
 * Sets `words` and `language`. Each sentence comes from `page` (the page's own sentences) if it is there, otherwise
 * from `other` (the script's sentences in the appeal's language), and otherwise from English.
 */
export function chooseLanguage(page: Language | undefined, other?: Language): void {
  language = (page ?? other)?.tag ?? "en";
  words = { ...english, ...other?.words, ...page?.words };
}

/** Returns the writing direction of a language. */
export function directionOf(locale: string): "rtl" | "ltr" {
  return /^(ar|arc|ckb|dv|fa|he|iw|ps|sd|ug|ur|yi)\b|[-_](arab|hebr)\b/i.test(locale) ? "rtl" : "ltr";
}

/** Whether times can be written in the language of `words`. */
export const canWriteTimes = (): boolean => supportsTimes(language, words);

/** Formats a number of days in the chosen language, for example `2 weeks`. */
export function formatPeriod(days: number): string {
  return formatPeriodIn(days, language, words);
}

/** Formats a number of days from now in the chosen language, for example `in 2 weeks`. */
export function formatFromNow(days: number): string {
  return formatFromNowIn(days, language, words);
}

/** Returns a gift as text, for example `€10 a month`. */
export function giftPhrase(amount: string, interval: Interval): string {
  return amount + words.gift[interval];
}

/**
 * Returns the text of the main button. The gift replaces `{gift}` in the appeal's text. If that text has no `{gift}`,
 * the gift is added after the text.
 */
export function buttonPhrase(cta: string, gift: string): string {
  // In right-to-left text, an amount is displayed correctly only if it is isolated.
  const isolated = /[\u0590-\u08ff]/.test(cta) ? `\u2068${gift}\u2069` : gift;
  return cta.includes("{gift}") ? cta.replace("{gift}", () => isolated) : `${cta} · ${isolated}`;
}

/**
 * Returns the text of the main button while no valid gift is chosen. An appeal's text with `{gift}` is not used, because
 * it would make no sense without a gift.
 */
export function buttonWithoutGift(cta: string): string {
  return cta.includes("{gift}") ? words.give : cta;
}
