import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kept } from "../src/memory";
import { repaired } from "../src/repair";

const AT = "2026-11-24T09:00:00.000Z";
const SOUND = {
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
} as unknown as Kept;

test("what is sound is left as it is", () => {
  assert.deepEqual(repaired(SOUND), SOUND);
});

for (const [name, odd] of Object.entries({
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
  test(`odd ${name} are dropped, and the rest is kept`, () => {
    for (const value of odd) {
      const left = repaired({ ...SOUND, [name]: value } as Kept) as unknown as Record<string, unknown>;
      assert.deepEqual(left[name] ?? [], [], `${name}: ${JSON.stringify(value)}`);
      const others = ({ [name]: _, ...rest }: Record<string, unknown>) => rest;
      assert.deepEqual(others(left), others({ ...SOUND }));
    }
  });
}

test("tags that aren't counts are dropped from a week that is sound", () => {
  const articles = [{ week: "2026-11-23", count: 2, tags: { harbour: 2, law: "many" } }] as never;
  assert.deepEqual(repaired({ ...SOUND, articles }).articles, [{ week: "2026-11-23", count: 2, tags: { harbour: 2 } }]);
});

test("what an older version counted is put on the day on which it began", () => {
  const from = new Date("2026-11-10T23:00:00").getTime();
  const old = (meter: unknown) => repaired({ ...SOUND, meter } as Kept);
  assert.deepEqual(old({ from, used: 5, before: 4 }), { ...SOUND, days: [{ day: "2026-11-10", count: 5 }, ...SOUND.days] });
  for (const odd of [5, null, { from: "x", used: 1 }, { from: 1e300, used: 1 }, { from }, { from, used: 0 }, { from, used: -1 }]) assert.deepEqual(old(odd), SOUND, JSON.stringify(odd));
});

test("what isn't known is no longer kept", () => {
  assert.deepEqual(repaired({ ...SOUND, checked: 5 } as Kept), SOUND);
});
