import assert from "node:assert/strict";
import { test } from "node:test";
import { reworded } from "../src/blocks";
import type { Values } from "../src/contract";
import { filled } from "../src/values";

/** What becomes of a text. */
function said(text: string, values: Values | null | undefined, locale: string): string {
  // Intl writes narrow and no-break spaces; here they are all the same.
  return filled({ heading: text, body: [] }, values, locale).heading.replace(/[\u00a0\u202f]/g, " ");
}

test("values are written as people of the words' language write them", () => {
  const cases: [string, Values, string, string][] = [
    ["{article_count} articles", { article_count: 1234 }, "en", "1,234 articles"],
    ["{article_count} Artikel", { article_count: 1234 }, "de", "1.234 Artikel"],
    ["in {country}", { country: "DE" }, "fr", "in Allemagne"],
    ["in {currency}", { currency: "EUR" }, "es", "in euro"],
    ["on {date}", { date: "2026-06-01" }, "en-GB", "on 1 June 2026"],
    ["am {date}", { date: "2026-06-01" }, "de", "am 1. Juni 2026"],
    ["{weekday}", { weekday: "monday" }, "en", "Monday"],
    ["{weekday}", { weekday: "sunday" }, "de-AT", "Sonntag"],
    ["{days_left} days", { days_left: 3 }, "en", "3 days"],
    ["{ticker_percent} of the goal", { ticker_percent: 45 }, "fr", "45 % of the goal"],
    ["{ticker_left} to go", { ticker_left: 0 }, "en", "0 to go"],
  ];
  for (const [text, values, locale, wanted] of cases) assert.equal(said(text, values, locale), wanted);
});

test("what is not known stays as it is, and a value is not read again", () => {
  assert.equal(said("{gift} {country} {toString}", undefined, "en"), "{gift} {country} {toString}");
  assert.equal(said("{country} {date}", { country: null }, "en"), "{country} {date}");
  assert.equal(said("{country}", { country: "{date}", date: "2026-06-01" }, "en"), "{date}");
});

test("a language or a value that makes no sense is no error", () => {
  assert.equal(said("{article_count}", { article_count: 1234 }, "no such language!"), "1,234");
  assert.equal(said("{country} {date} {weekday}", { country: "?", date: "soon", weekday: "someday" }, ""), "? soon someday");
});

test("values are put into every text that the words hold", () => {
  const body = ["{country}", { quote: "{country}", by: "{country}" }, { image: "https://i.example/{country}", alt: "{country}" }, { list: ["{country}"] }];
  const content = { heading: "{country}", body, cta: "{gift} {country}", dismiss: "{country}", thanks: { heading: "{country}", body } };
  const filledBody = ["Ireland", { quote: "Ireland", by: "Ireland" }, { image: "https://i.example/{country}", alt: "Ireland" }, { list: ["Ireland"] }];
  assert.deepEqual(filled(content, { country: "IE" }, "en"), {
    heading: "Ireland",
    body: filledBody,
    cta: "{gift} Ireland",
    dismiss: "Ireland",
    thanks: { heading: "Ireland", body: filledBody },
  });
});

test("a kind of block that only a newer service knows is left alone", () => {
  const newer = { video: "https://v.example/1" } as never;
  assert.equal(reworded(newer, () => ""), newer);
});
