import type { Interval } from "./contract";

// The sentences that are the script's own. What an appeal says comes from the service.

export const words = {
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
  thanks: { heading: "Thank you", body: ["Your support has arrived. It helps to keep this work open to everybody."] },
  tooSmall: (least: string) => `The smallest amount is ${least}.`,
  tooLarge: (most: string) => `The largest amount is ${most}.`,
};

export const intervalNames: Record<Interval, string> = { once: "Once", month: "Monthly", year: "Yearly" };

/** `€10 a month` */
export function giftPhrase(amount: string, interval: Interval): string {
  return { once: amount, month: `${amount} a month`, year: `${amount} a year` }[interval];
}

/** The words on the main button. An appeal may say where the gift stands with `{gift}`; else it follows. */
export function buttonPhrase(cta: string, gift: string): string {
  return cta.includes("{gift}") ? cta.replace("{gift}", () => gift) : `${cta} · ${gift}`;
}
