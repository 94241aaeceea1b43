import type { Interval } from "./contract";
import { canTellTime, type OwnTimes, timeIn, whenIn } from "./days";
import type { Language } from "./language";

// The sentences that are the script's own, but those that only a later step says. What an appeal says comes from the service.

const english = {
  close: "Close",
  notToday: "Not today",
  later: "Ask me {when}",
  already: "I already support you",
  quietFor: "for {time}",
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
  gift: { once: "", month: " a month", year: " a year" } as Record<Interval, string>,
};

export type English = typeof english & OwnTimes;

/** The sentences in the language that was last chosen. */
export let words: English = english;
/** The tag of that language. */
export let language = "en";

/** Says the script's own sentences in the first of these languages that is there, or in English; what the page says itself wins. */
export function speak(page: Language | undefined, other?: Language): void {
  language = (page ?? other)?.tag ?? "en";
  words = { ...english, ...other?.words, ...page?.words };
}

/** Which way a language is written. */
export function directionOf(locale: string): "rtl" | "ltr" {
  return /^(ar|arc|ckb|dv|fa|he|iw|ps|sd|ug|ur|yi)\b|[-_](arab|hebr)\b/i.test(locale) ? "rtl" : "ltr";
}

/** Whether times can be said at all. */
export const canTell = (): boolean => canTellTime(language, words);

/** `2 weeks` */
export function time(days: number): string {
  return timeIn(days, language, words);
}

/** `in 2 weeks` */
export function when(days: number): string {
  return whenIn(days, language, words);
}

/** `€10 a month` */
export function giftPhrase(amount: string, interval: Interval): string {
  return amount + words.gift[interval];
}

/** The words on the main button. An appeal may say where the gift stands with `{gift}`; else it follows. */
export function buttonPhrase(cta: string, gift: string): string {
  // Between words written from right to left, an amount keeps its own direction only if it is set apart.
  const apart = /[\u0590-\u08ff]/.test(cta) ? `\u2068${gift}\u2069` : gift;
  return cta.includes("{gift}") ? cta.replace("{gift}", () => apart) : `${cta} · ${apart}`;
}

/** The words on the main button while no gift can be told. Words around a gift make no sense without it. */
export function buttonWithoutGift(cta: string): string {
  return cta.includes("{gift}") ? words.give : cta;
}
