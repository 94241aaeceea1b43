import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stored } from "../src/memory";
import { repaired } from "../src/repair";

const AT = "2026-11-24T09:00:00.000Z";
const VALID = {
  bucket: 7,
  views: [{ appeal: "winter", variant: "a", at: AT }],
  dismissals: [{ appeal: "winter", kind: "close", at: AT }],
  articles: [{ week: "2026-11-23", count: 2, tags: { harbour: 2 } }],
  days: [{ day: "2026-11-24", count: 2 }],
  last: "2026-11-25",
  token: "eyJ",
  pending: [{ attempt: "a", session: "cs_1", at: 1 }],
  heldOut: { attribution: "att", at: 1 },
  hold: { until: 1, about: "x" },
  skew: -5,
} as unknown as Stored;

test("a valid entry is not changed", () => {
  assert.deepEqual(repaired(VALID), VALID);
});

for (const [name, invalid] of Object.entries({
  bucket: ["7", -1, 1_000_000, 0.5, null],
  views: ["x", null, {}, [null], [[]], [{ appeal: "winter", variant: "a", at: "yesterday" }], [{ appeal: 7, variant: "a", at: AT }]],
  dismissals: [[{ appeal: "winter", kind: "shout", at: AT }], [{ appeal: "winter", kind: "close" }], 5],
  articles: [[{ week: "soon", count: 1 }], [{ week: "2026-13-41", count: 1 }], [{ week: "2026-11-23", count: -1 }], "x"],
  days: [[{ day: "soon", count: 1 }], [{ day: "2026-02-31", count: 1 }], [{ day: "2026-11-24", count: 1.5 }], [{ day: 20261124, count: 1 }], "x", {}],
  last: ["x", 5, {}, "2026-11-25T00:00:00Z"],
  token: [5, "", {}],
  pending: [[{}], [{ attempt: "a", session: 5, at: 1 }], [{ attempt: "a", session: "cs", at: "now" }], { length: 1 }],
  heldOut: [1, {}, { attribution: "att" }],
  hold: [{ until: "never", about: "x" }, { until: 1 }, "x"],
  skew: ["x", null],
})) {
  test(`an invalid \`${name}\` is dropped, and the rest of the entry is kept`, () => {
    for (const value of invalid) {
      const result = repaired({ ...VALID, [name]: value } as Stored) as unknown as Record<string, unknown>;
      assert.deepEqual(result[name] ?? [], [], `${name}: ${JSON.stringify(value)}`);
      const others = ({ [name]: _, ...rest }: Record<string, unknown>) => rest;
      assert.deepEqual(others(result), others({ ...VALID }));
    }
  });
}

test("tags whose count is invalid are dropped from an otherwise valid week", () => {
  const articles = [{ week: "2026-11-23", count: 2, tags: { harbour: 2, law: "many" } }] as never;
  assert.deepEqual(repaired({ ...VALID, articles }).articles, [{ week: "2026-11-23", count: 2, tags: { harbour: 2 } }]);
});

test("an article count that an older version stored is assigned to the day on which the count began", () => {
  const from = new Date("2026-11-10T23:00:00").getTime();
  const old = (meter: unknown) => repaired({ ...VALID, meter } as Stored);
  assert.deepEqual(old({ from, used: 5, before: 4 }), { ...VALID, days: [{ day: "2026-11-10", count: 5 }, ...VALID.days] });
  for (const invalid of [5, null, { from: "x", used: 1 }, { from: 1e300, used: 1 }, { from }, { from, used: 0 }, { from, used: -1 }]) assert.deepEqual(old(invalid), VALID, JSON.stringify(invalid));
});

test("unknown properties are dropped", () => {
  assert.deepEqual(repaired({ ...VALID, checked: 5 } as Stored), VALID);
});
