import assert from "node:assert/strict";
import { test } from "node:test";
import { reworded } from "../src/blocks";
import type { Values } from "../src/contract";
import { filled } from "../src/values";

/** Fills the placeholders of the text. */
function fill(text: string, values: Values | null | undefined, locale: string): string {
  // Intl writes narrow and no-break spaces. Replace them with plain ones.
  return filled({ heading: text, body: [] }, values, locale).heading.replace(/[\u00a0\u202f]/g, " ");
}

test("values are formatted for the locale of the text", () => {
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
  for (const [text, values, locale, wanted] of cases) assert.equal(fill(text, values, locale), wanted);
});

test("an unknown placeholder stays as it is, and placeholders inside a value are not filled", () => {
  assert.equal(fill("{gift} {country} {toString}", undefined, "en"), "{gift} {country} {toString}");
  assert.equal(fill("{country} {date}", { country: null }, "en"), "{country} {date}");
  assert.equal(fill("{country}", { country: "{date}", date: "2026-06-01" }, "en"), "{date}");
});

test("an invalid locale or value causes no error", () => {
  assert.equal(fill("{article_count}", { article_count: 1234 }, "no such language!"), "1,234");
  assert.equal(fill("{country} {date} {weekday}", { country: "?", date: "soon", weekday: "someday" }, ""), "? soon someday");
});

test("placeholders are filled in every text of an appeal, but not in the address of an image", () => {
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

test("a block of an unknown kind is not changed", () => {
  const newer = { video: "https://v.example/1" } as never;
  assert.equal(reworded(newer, () => ""), newer);
});

test("the plural form is chosen by the rules of the text's language", () => {
  const articles = (one: string) => `Léigh tú {article_count, plural, ${one}}.`;
  const cases: [string, string, [number, string][]][] = [
    ["en", articles("one {# article} other {# articles}"), [[0, "0 articles"], [1, "1 article"], [2, "2 articles"], [1204, "1,204 articles"]]],
    [
      "ga",
      articles("one {alt amháin} two {dhá alt} few {# alt} many {# n-alt} other {# alt sa mhí}"),
      [[1, "alt amháin"], [2, "dhá alt"], [3, "3 alt"], [6, "6 alt"], [7, "7 n-alt"], [10, "10 n-alt"], [11, "11 alt sa mhí"], [0, "0 alt sa mhí"]],
    ],
    [
      "ar",
      articles("zero {صفر} one {مقال} two {مقالان} few {قليل} many {كثير} other {مقال آخر}"),
      [[0, "صفر"], [1, "مقال"], [2, "مقالان"], [3, "قليل"], [11, "كثير"], [100, "مقال آخر"], [102, "مقال آخر"]],
    ],
    ["en", articles("=0 {none yet} =1 {just one} one {# article} other {# articles}"), [[0, "none yet"], [1, "just one"], [2, "2 articles"]]],
    ["ja", articles("one {never} other {#}"), [[1, "1"]]],
    ["no such language!", articles("one {# article} other {# articles}"), [[1, "1 article"]]],
  ];
  for (const [locale, text, wanted] of cases) {
    for (const [article_count, form] of wanted) assert.equal(fill(text, { article_count }, locale), `Léigh tú ${form}.`, `${locale} ${article_count}`);
  }
  const text = "your {article_count, selectordinal, one {#st} two {#nd} few {#rd} other {#th}} article";
  assert.deepEqual([1, 2, 3, 11, 22].map((article_count) => fill(text, { article_count }, "en")), ["1st", "2nd", "3rd", "11th", "22nd"].map((it) => `your ${it} article`));
});

test("a plural form may contain placeholders, other plural forms and quoted braces", () => {
  const values = { article_count: 1, days_left: 2, country: "IE" };
  const fillEnglish = (text: string) => fill(text, values, "en");
  assert.equal(fillEnglish("{ article_count ,plural,one{# in {country}, {gift}}other{}}!"), "1 in Ireland, {gift}!");
  assert.equal(fillEnglish("{article_count, plural, one {# and {days_left, plural, one {# day} other {# days}} (#)} other {}}"), "1 and 2 days (1)");
  assert.equal(fillEnglish("{article_count, plural, one {it's '{#}' ''#'' '#'#} other {}}"), "it's {#} '1' #1");
  assert.equal(fillEnglish("it''s '{country}' #"), "it''s 'Ireland' #", "outside a plural form, apostrophes and # are plain characters");
  assert.equal(fill("{ticker_percent, plural, one {# percent} other {# percent}}", { ticker_percent: 45 }, "en"), "45 percent");
});

test("plural forms with an unknown number and malformed plural forms cause no error", () => {
  assert.equal(fill("{article_count, plural, one {# article} other {# articles}}", {}, "en"), "{article_count} articles");
  for (const text of ["{a, plural", "{a, plural,", "{a, plural, }", "{a, plural, one {#}}", "{a, plural, other {#", "{a, select, other {}}", "{,}", "{a, plural, other {#} !"]) {
    assert.equal(fill(text, { a: 1 } as Values, "en"), text);
  }
});
