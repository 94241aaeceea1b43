import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatAmount, parseAmount, withFee } from "../src/amounts";

test("a typed amount is parsed by the conventions of its locale", () => {
  const cases: [string, string, number | undefined][] = [
    ["10", "en", 1000],
    [" € 10 ", "en", 1000],
    ["10.5", "en", 1050],
    ["10.50", "en", 1050],
    ["1,000", "en", 100000],
    ["1,234.50", "en", 123450],
    ["12,5", "de", 1250],
    ["12,50 €", "de", 1250],
    ["1.000", "de", 100000],
    ["1.234,50", "de", 123450],
    ["1 000,50", "fr", 100050],
    ["1'234.50", "de-CH", 123450],
    ["٢٥", "ar-EG", 2500],
  ];
  for (const [text, locale, wanted] of cases) assert.equal(parseAmount(text, 2, locale), wanted, `${text} in ${locale}`);
});

test("a single separator with one or two digits after it is a decimal separator in every language", () => {
  assert.equal(parseAmount("10,50", 2, "en"), 1050);
  assert.equal(parseAmount("10.50", 2, "de"), 1050);
});

test("a text that is not an amount is rejected", () => {
  for (const text of ["", "ten", "-5", "1e3", "10.555", "1,00,0", "1.2.3", "9".repeat(20), "10 or 20", "."]) {
    assert.equal(parseAmount(text, 2, "en"), undefined, JSON.stringify(text));
  }
});

test("a currency without decimals accepts only whole amounts", () => {
  assert.equal(parseAmount("1000", 0, "en"), 1000);
  assert.equal(parseAmount("1,000", 0, "en"), 1000);
  assert.equal(parseAmount("10.5", 0, "en"), undefined);
});

test("an amount in a currency with three decimals keeps all three", () => {
  assert.equal(parseAmount("1.234", 3, "en"), 1234);
  assert.equal(parseAmount("1.2", 3, "en"), 1200);
});

test("whole amounts are formatted without decimals, and other amounts with all decimals", () => {
  const euro = { currency: "EUR", minor_digits: 2 };
  assert.equal(formatAmount(1000, euro, "en-IE"), "€10");
  assert.equal(formatAmount(1050, euro, "en-IE"), "€10.50");
  assert.equal(formatAmount(500, { currency: "JPY", minor_digits: 0 }, "en"), "¥500");
});

test("amounts are formatted even if the page's language tag is invalid", () => {
  assert.equal(formatAmount(1000, { currency: "EUR", minor_digits: 2 }, "not a language"), "€10");
  assert.equal(parseAmount("10", 2, ""), 1000);
});

test("the total with the fee equals the total that the service computes", () => {
  // The tests of the service check the same cases.
  const cases: { amount_minor: number; fee_cover: { percent: number; fixed_minor: number }; step_minor: number; total_minor: number }[] =
    JSON.parse(readFileSync("../tests/fixtures/fee_cover.json", "utf8"));
  assert.ok(cases.length > 10, "tests/fixtures/fee_cover.json must have more than ten cases");
  for (const { amount_minor, fee_cover, step_minor, total_minor } of cases) {
    const fee = { per_million: Math.round(fee_cover.percent * 10_000), fixed_minor: fee_cover.fixed_minor };
    assert.equal(withFee(amount_minor, fee, step_minor), total_minor, `${amount_minor} with ${JSON.stringify(fee)}`);
  }
});
