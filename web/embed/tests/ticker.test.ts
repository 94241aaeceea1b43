import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ticker } from "../src/contract";
import { de } from "../src/languages";
import { countingPeriod, english, tickerNumber } from "../src/ticker";
import { filled } from "../src/values";

const euros: Ticker = { counts: "money", total: 3451290, goal: 5000000, percent: 69, currency: "EUR", minor_digits: 2, as_of: "2026-11-24T09:00:00Z" };
const people: Ticker = { counts: "supporters", total: 1251, goal: 1000, percent: 125, as_of: euros.as_of };
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

test("amounts of a ticker are formatted in whole units, and the remaining amount is rounded up", () => {
  assert.equal(plain(tickerNumber(3451290, euros, "en")), "€34,512");
  assert.equal(plain(tickerNumber(3451290, euros, "de")), "34.512 €");
  assert.equal(plain(tickerNumber(10, euros, "en", true)), "€1");
  assert.equal(plain(tickerNumber(1251, people, "de")), "1.251");
  assert.equal(plain(tickerNumber(500, { ...euros, currency: "JPY", minor_digits: 0 }, "en")), "¥500");
});

test("a ticker shows the period that it counts: this month, the time since a date, or no period", () => {
  const format = (from?: string, tag = "en", words = english) => countingPeriod({ ...euros, from }, tag, tag, words);
  assert.equal(format("2026-11-01"), "this month");
  assert.equal(format("2026-10-01"), "since October 1, 2026");
  assert.equal(format("2026-11-02"), "since November 2, 2026");
  assert.equal(format(), "");
  assert.equal(format("2026-10-01", "de", { ...english, ...de } as typeof english), "seit dem 1. Oktober 2026");
  assert.equal(format("2026-10-01", "xx"), "since 2026-10-01", "a browser that does not support the language must show an ISO 8601 date");
});

test("the text of an appeal formats a ticker's values like the ticker itself", () => {
  const heading = (ticker: Ticker | undefined) => {
    const values = { ticker_total: 3451290, ticker_goal: 5000000, ticker_left: 1548710, ticker_percent: 69 };
    const text = "{ticker_total} of {ticker_goal}, {ticker_left} to go, {ticker_percent}";
    return plain(filled({ heading: text, body: [], ticker }, values, "en").heading);
  };
  assert.equal(heading(euros), "€34,512 of €50,000, €15,488 to go, 69%");
  assert.equal(heading(people), "3,451,290 of 5,000,000, 1,548,710 to go, 69%");
  assert.equal(heading(undefined), "3,451,290 of 5,000,000, 1,548,710 to go, 69%");
});
