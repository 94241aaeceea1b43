import { formatAmount, formatNumber } from "./amounts";
import type { Ticker } from "./contract";
import { make } from "./dom";
import { put } from "./days";
import { words } from "./words";

/** How far the appeal has come: a sentence, and a bar that says the same. */
export function tickerLine(ticker: Ticker, locale: string): HTMLElement {
  const tell = (number: number) => tickerNumber(number, ticker, locale);
  const total = make("strong", {}, tell(ticker.total));
  const of = put(ticker.counts === "money" ? words.ofGoal : words.ofSupporters, tell(ticker.goal));
  const sentence = make("p", { id: "ticker" }, total, " ", of);
  const bar = make("progress", { max: String(ticker.goal), value: String(Math.max(0, ticker.total)), part: "ticker-bar", "aria-labelledby": "ticker" });
  return make("div", { class: "ticker", part: "ticker", "data-test": "ticker" }, sentence, bar);
}

/** A number of the ticker in words: people, or an amount in whole units. What is left is rounded up, so that nobody reads of nothing. */
export function tickerNumber(number: number, ticker: Ticker, locale: string, up = false): string {
  const { counts, currency, minor_digits: digits } = ticker;
  if (counts !== "money" || !currency) return formatNumber(number, locale);
  const unit = 10 ** (digits ?? 2);
  return formatAmount((up ? Math.ceil : Math.floor)(number / unit) * unit, { currency, minor_digits: digits ?? 2 }, locale);
}
