import { formatAmount, formatNumber } from "./amounts";
import type { Ticker } from "./contract";
import { formatDateIn } from "./days";
import { make } from "./dom";

export const english = {
  ofGoal: "raised of {goal} {when}",
  ofSupporters: "of {goal} supporters {when}",
  thisMonth: "this month",
  since: "since {date}",
};

export type EnglishTicker = typeof english;

/** Makes the ticker, which shows how much has been raised: a sentence, and a progress bar with the same numbers. */
export function tickerLine(ticker: Ticker, locale: string, language: string, translated: object): HTMLElement {
  const words: EnglishTicker = { ...english, ...translated };
  const format = (number: number) => tickerNumber(number, ticker, locale);
  const values: Record<string, string> = { goal: format(ticker.goal), when: countingPeriod(ticker, locale, language, words) };
  // A placeholder without a value is removed, together with the spaces before it.
  const ofGoal = (ticker.counts === "money" ? words.ofGoal : words.ofSupporters).replace(/ *\{(\w+)\}/g, (_, name) => (values[name] ? ` ${values[name]}` : ""));
  const sentence = make("p", { id: "ticker" }, make("strong", {}, format(ticker.total)), ` ${ofGoal.trim()}`);
  const bar = make("progress", { max: String(ticker.goal), value: String(Math.max(0, ticker.total)), part: "ticker-bar", "aria-labelledby": "ticker" });
  return make("div", { class: "ticker", part: "ticker", "data-test": "ticker" }, sentence, bar);
}

/**
 * Returns the period in which gifts are counted, as text: `this month`, or `since` a date. Returns an empty text if all
 * gifts are counted.
 */
export function countingPeriod({ from, as_of: asOf }: Ticker, locale: string, language: string, words: EnglishTicker): string {
  if (!from) return "";
  if (from === `${asOf.slice(0, 7)}-01`) return words.thisMonth;
  return words.since.replace("{date}", () => formatDateIn(Date.parse(from), locale, language, "UTC"));
}

/**
 * Formats a number of the ticker: a number of people, or an amount in whole currency units. An amount is rounded
 * down. With `up`, it is rounded up, so that a small remainder doesn't show as 0.
 */
export function tickerNumber(number: number, ticker: Ticker, locale: string, up = false): string {
  const { counts, currency, minor_digits: digits } = ticker;
  if (counts !== "money" || !currency) return formatNumber(number, locale);
  const unit = 10 ** (digits ?? 2);
  return formatAmount((up ? Math.ceil : Math.floor)(number / unit) * unit, { currency, minor_digits: digits ?? 2 }, locale);
}
