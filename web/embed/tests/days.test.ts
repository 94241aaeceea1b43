import assert from "node:assert/strict";
import { test } from "node:test";
import { supportsTimes, period, insertValue, formatPeriodIn, formatFromNowIn } from "../src/days";
import { ar, ga } from "../src/languages";

test("a number of days is written in the largest unit that fits", () => {
  const cases: [number, number, string][] = [
    [1, 1, "day"],
    [3, 3, "day"],
    [7, 1, "week"],
    [14, 2, "week"],
    [15, 15, "day"],
    [30, 1, "month"],
    [31, 1, "month"],
    [45, 45, "day"],
    [60, 2, "month"],
    [90, 3, "month"],
    [100, 100, "day"],
    [180, 6, "month"],
    [365, 1, "year"],
    [730, 2, "year"],
  ];
  for (const [days, count, unit] of cases) assert.deepEqual(period(days), [count, unit], String(days));
});

test("a time is written in the language of its sentence", () => {
  const times = (days: number, language: string, own = {}) => [formatPeriodIn(days, language, own), formatFromNowIn(days, language, own)];
  assert.deepEqual(times(14, "en"), ["2 weeks", "in 2 weeks"]);
  assert.deepEqual(times(3, "de"), ["3 Tage", "in 3 Tagen"]);
  assert.deepEqual(times(90, "fr"), ["3\u00a0mois", "dans 3 mois"]);
  assert.deepEqual(times(3, "ga", ga), ["3 lá", "i gceann 3 lá"]);
  assert.deepEqual(times(14, "ga", ga), ["2 sheachtain", "i gceann 2 sheachtain"]);
  assert.deepEqual(times(14, "ar", ar), ["أسبوعين", "بعد أسبوعين"]);
  assert.deepEqual(times(365, "ar", ar), ["سنة", "بعد سنة"]);
});

test("in a language that browsers do not support, times come from the page, or none are written", () => {
  assert.equal(supportsTimes("en", {}), true);
  assert.equal(supportsTimes("ga", ga), true);
  assert.equal(supportsTimes("tlh", {}), false);
  const units = { day: "{n} diwrnod", week: "{n} wythnos", month: "{n} mis", year: "{n} blynedd" };
  assert.equal(supportsTimes("tlh", { units }), true);
  assert.equal(formatPeriodIn(14, "cy", { units }), "2 wythnos");
  assert.equal(formatFromNowIn(90, "cy", { units, in: "ymhen {time}" }), "ymhen 3 mis");
});

test("the value that is put into a sentence may contain any character", () => {
  assert.equal(insertValue("The minimum is {amount}.", "$&1"), "The minimum is $&1.");
});
