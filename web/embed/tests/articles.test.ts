import assert from "node:assert/strict";
import { test } from "node:test";
import { countArticle, meter, mondayOf } from "../src/articles";

const at = (text: string) => new Date(text).getTime();
const DAY_MS = 86_400_000;

test("a week begins on Monday, on the reader's own clock", () => {
  assert.equal(mondayOf(at("2026-11-22T23:59:59")), "2026-11-16");
  assert.equal(mondayOf(at("2026-11-23T00:00:00")), "2026-11-23");
  assert.equal(mondayOf(at("2026-11-29T12:00:00")), "2026-11-23");
});

test("articles are counted by week and tag, for a year", () => {
  let weeks = countArticle([], ["harbour", "law"], at("2026-11-23T08:00:00"));
  weeks = countArticle(weeks, ["harbour"], at("2026-11-24T08:00:00"));
  assert.deepEqual(weeks, [{ week: "2026-11-23", count: 2, tags: { harbour: 2, law: 1 } }]);
  weeks = countArticle(weeks, [], at("2026-11-30T08:00:00"));
  assert.deepEqual(weeks.at(-1), { week: "2026-11-30", count: 1, tags: {} });
  for (let week = 1; week < 60; week++) weeks = countArticle(weeks, [], at("2026-11-30T08:00:00") + week * 7 * DAY_MS);
  assert.equal(weeks.length, 52);
});

test("a week keeps thirty tags and goes on counting them", () => {
  const many = Array.from({ length: 40 }, (_, place) => `tag ${place}`);
  const [week] = countArticle(countArticle([], many, 0), ["tag 0", "tag 39"], 0);
  assert.equal(Object.keys(week!.tags!).length, 30);
  assert.deepEqual([week!.tags!["tag 0"], week!.tags!["tag 39"], week!.count], [2, undefined, 2]);
});

test("free articles are counted without the page that shows, and begin anew after thirty days", () => {
  const first = meter(undefined, 1000);
  assert.deepEqual(first, { from: 1000, used: 1, before: 0 });
  assert.deepEqual(meter(first, 2000), { from: 1000, used: 2, before: 1 });
  assert.equal(meter(first, 1000 + 30 * DAY_MS - 1).before, 1);
  assert.deepEqual(meter(first, 1000 + 30 * DAY_MS), { from: 1000 + 30 * DAY_MS, used: 1, before: 0 });
});
