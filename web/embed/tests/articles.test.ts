import assert from "node:assert/strict";
import { test } from "node:test";
import { countArticle, dateOf } from "../src/articles";
import type { Stored } from "../src/memory";

const at = (text: string) => new Date(text).getTime();
const DAY_MS = 86_400_000;
const empty = (): Stored => ({ views: [], dismissals: [], articles: [], days: [], pending: [] });
/** Returns the stored entry after the reader reads these articles, each with its time and tags. */
function read(...articles: [string | number, string[]?][]): Stored {
  const stored = empty();
  for (const [when, tags = []] of articles) countArticle(stored, tags, typeof when === "string" ? at(when) : when);
  return JSON.parse(JSON.stringify(stored));
}
const week = (when: string) => read([when]).articles[0]!.week;

test("a week begins on Monday, in local time", () => {
  assert.equal(week("2026-11-22T23:59:59"), "2026-11-16");
  assert.equal(week("2026-11-23T00:00:00"), "2026-11-23");
  assert.equal(week("2026-11-29T12:00:00"), "2026-11-23");
});

test("articles are counted by week and tag, for a year", () => {
  assert.deepEqual(read(["2026-11-23T08:00:00", ["harbour", "law"]], ["2026-11-24T08:00:00", ["harbour"]]).articles, [
    { week: "2026-11-23", count: 2, tags: { harbour: 2, law: 1 } },
  ]);
  const stored = empty();
  for (let index = 0; index < 60; index++) countArticle(stored, [], at("2026-11-23T08:00:00") + index * 7 * DAY_MS);
  assert.equal(stored.articles.length, 52);
  assert.deepEqual(stored.articles.at(-1), { week: dateOf(at("2026-11-23T08:00:00") + 59 * 7 * DAY_MS), count: 1, tags: {} });
});

test("a week stores at most thirty tags, and the counts of those tags still grow", () => {
  const many = Array.from({ length: 40 }, (_, index) => `tag ${index}`);
  const [one] = read([0, many], [0, ["tag 0", "tag 39"]]).articles;
  assert.equal(Object.keys(one!.tags!).length, 30);
  assert.deepEqual([one!.tags!["tag 0"], one!.tags!["tag 39"], one!.count], [2, undefined, 2]);
});

test("a tag may have the name of a built-in property, such as constructor", () => {
  assert.deepEqual(read([0, ["constructor", "toString"]], [0, ["constructor"]]).articles[0]!.tags, { constructor: 2, toString: 1 });
});

test("the counts by day do not include the current article", () => {
  assert.deepEqual(read(["2026-11-28T08:00:00"]).days, []);
  assert.deepEqual(read(["2026-11-28T08:00:00"], ["2026-11-28T23:59:59"]).days, [{ day: "2026-11-28", count: 1 }]);
  assert.deepEqual(read(["2026-11-27T08:00:00"], ["2026-11-28T08:00:00"], ["2026-11-28T09:00:00"], ["2026-11-29T00:00:00"]).days, [
    { day: "2026-11-27", count: 1 },
    { day: "2026-11-28", count: 2 },
  ]);
});

test("a day is dropped after 92 days, even if the reader seldom visits", () => {
  const stored = empty();
  for (let index = 0; index < 200; index++) countArticle(stored, [], at("2026-03-01T12:00:00") + index * DAY_MS);
  assert.equal(stored.days.length, 91, "the days do not include the current day yet");
  countArticle(stored, [], at("2026-03-01T12:00:00") + 199 * DAY_MS);
  assert.equal(stored.days.length, 92);
  countArticle(stored, [], at("2027-06-01T12:00:00"));
  assert.deepEqual(stored.days, [{ day: "2026-09-16", count: 2 }]);
  countArticle(stored, [], at("2027-06-01T12:00:00"));
  assert.deepEqual(stored.days, [{ day: "2027-06-01", count: 1 }]);
});
