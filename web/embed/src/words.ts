import type { Interval } from "./contract";
import type { Language } from "./parts";

// The sentences that are the script's own. What an appeal says comes from the service.

const english = {
  close: "Close",
  later: "Remind me later",
  already: "I already support you",
  give: "Support us",
  other: "Other",
  howOften: "How often",
  howMuch: "How much",
  yourAmount: "Your amount",
  ofGoal: (goal: string) => `of ${goal}`,
  ofSupporters: (goal: string) => `of ${goal} supporters`,
  suggested: "Suggested",
  coverFee: (fee: string) => `I’ll cover the fee of ${fee}`,
  opening: "Opening the payment page …",
  notAnAmount: "Please enter an amount, such as 15.",
  failed: "The payment page could not be opened. Nothing was taken. Please try again in a moment.",
  tooMany: "There were too many tries. Please wait a minute and try again.",
  fallback: "Other ways to support us",
  onItsWay: "Your payment is on its way. We will know in a few days.",
  notThrough: "The payment did not go through; nothing was taken.",
  preview: "Preview",
  thanks: { heading: "Thank you", body: ["Your support has arrived. It helps to keep this work open to everybody."] },
  tooSmall: (least: string) => `The smallest amount is ${least}.`,
  tooLarge: (most: string) => `The largest amount is ${most}.`,
  intervals: { once: "Once", month: "Monthly", year: "Yearly" } as Record<Interval, string>,
  gift: { once: "", month: " a month", year: " a year" } as Record<Interval, string>,
};

export type English = typeof english;

/** The sentences in the language that was last chosen. */
export let words = english;
/** The tag of that language. */
export let language = "en";

/** Says the script's own sentences in this language from now on, or in English. */
export function speak(other: Language | undefined): void {
  language = other?.tag ?? "en";
  words = { ...english, ...other?.words };
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
