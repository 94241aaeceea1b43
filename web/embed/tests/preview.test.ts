import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanAddress } from "../src/checkout";
import type { AppealVerdict } from "../src/contract";
import { report } from "../src/report";
import type { Settings } from "../src/settings";

test("the return URL of a payment does not open the preview again", () => {
  assert.equal(cleanAddress("https://j.example/a?keepopen_preview=eyJ.tag&page=2"), "https://j.example/a?page=2");
});

test("events of a preview are not reported", () => {
  const sent: string[] = [];
  const sendBeacon = (_: string, body: string) => sent.push(body) > 0;
  Object.defineProperty(globalThis, "navigator", { value: { sendBeacon }, configurable: true });
  const settings = { base: "https://give.example", site: "journal" } as Settings;
  report(settings, { attribution: undefined } as AppealVerdict, "click");
  assert.deepEqual(sent, []);
  report(settings, { attribution: "att" } as AppealVerdict, "click");
  assert.equal(sent.length, 1);
});
