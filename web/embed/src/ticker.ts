import { formatAmount, formatNumber } from "./amounts";
import type { Ticker } from "./contract";
import { dateIn } from "./days";
import { make } from "./dom";

export const english = {
  ofGoal: "raised of {goal} {when}",
  ofSupporters: "of {goal} supporters {when}",
  thisMonth: "this month",
  since: "since {date}",
};

export type EnglishTicker = typeof english;

/** How far the appeal has come: a sentence, and a bar that says the same. */
export function tickerLine(ticker: Ticker, locale: string, language: string, own: object): HTMLElement {
  const words: EnglishTicker = { ...english, ...own };
  const tell = (number: number) => tickerNumber(number, ticker, locale);
  const told: Record<string, string> = { goal: tell(ticker.goal), when: since(ticker, locale, language, words) };
  const of = (ticker.counts === "money" ? words.ofGoal : words.ofSupporters).replace(/ *\{(\w+)\}/g, (_, name) => (told[name] ? ` ${told[name]}` : ""));
  const sentence = make("p", { id: "ticker" }, make("strong", {}, tell(ticker.total)), ` ${of.trim()}`);
  const bar = make("progress", { max: String(ticker.goal), value: String(Math.max(0, ticker.total)), part: "ticker-bar", "aria-labelledby": "ticker" });
  return make("div", { class: "ticker", part: "ticker", "data-test": "ticker" }, sentence, bar);
}

/** From when on is counted: this month, or since a day. Nothing where all that ever came is counted. */
export function since({ from, as_of: asOf }: Ticker, locale: string, language: string, words: EnglishTicker): string {
  if (!from) return "";
  if (from === `${asOf.slice(0, 7)}-01`) return words.thisMonth;
  return words.since.replace("{date}", () => dateIn(Date.parse(from), locale, language, "UTC"));
}

/** A number of the ticker in words: people, or an amount in whole units. What is left is rounded up, so that nobody reads of nothing. */
export function tickerNumber(number: number, ticker: Ticker, locale: string, up = false): string {
  const { counts, currency, minor_digits: digits } = ticker;
  if (counts !== "money" || !currency) return formatNumber(number, locale);
  const unit = 10 ** (digits ?? 2);
  return formatAmount((up ? Math.ceil : Math.floor)(number / unit) * unit, { currency, minor_digits: digits ?? 2 }, locale);
}
