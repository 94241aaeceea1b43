import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOrdinal, remember, trim, viewOf } from "../src/history";

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse("2026-11-24T12:00:00Z");

test("only the newest hundred views are stored", () => {
  let views = [] as ReturnType<typeof viewOf>[];
  for (let hour = 150; hour > 0; hour--) views = remember(views, viewOf("winter", "a", NOW_MS - hour * 3_600_000), NOW_MS);
  assert.equal(views.length, 100);
  assert.equal(views.at(-1)?.at, "2026-11-24T11:00:00.000Z");
});

test("a view is dropped after a year", () => {
  const views = [viewOf("winter", "a", NOW_MS - 365 * DAY_MS), viewOf("winter", "a", NOW_MS - 365 * DAY_MS + 1)];
  assert.deepEqual(trim(views, NOW_MS), [views[1]]);
});

test("an entry with an invalid time is dropped, since the service would reject a question that contains it", () => {
  assert.deepEqual(trim([{ appeal: "winter", variant: "a", at: "yesterday" }], NOW_MS), []);
});

test("views are counted for each appeal separately, up to twenty", () => {
  const views = [...Array(25)].map(() => viewOf("winter", "a", NOW_MS));
  assert.equal(nextOrdinal([], "winter"), 1);
  assert.equal(nextOrdinal(views.slice(0, 3), "winter"), 4);
  assert.equal(nextOrdinal(views, "winter"), 20);
  assert.equal(nextOrdinal(views, "summer"), 1);
});
