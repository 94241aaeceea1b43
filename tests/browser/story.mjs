// What the tests of the embed share: a reader in a browser, before a service of the test's own, and short words for both.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newReader, settled } from "./browser.mjs";
import { startFake } from "./fake.mjs";

let browser;
/** The running story's service. */
export let fake;
before(async () => (browser = await launch()));
after(() => browser.close());

/** A test about one reader and a service of its own; it ends with the page having let out no error. */
export function story(name, options, tell) {
  test(name, { timeout: 40_000 }, async () => {
    fake = await startFake();
    const reader = await newReader(browser, options);
    try {
      await tell(reader);
      assert.deepEqual(reader.complaints, []);
    } finally {
      await reader.leave();
      await fake.stop();
    }
  });
}

export const page = (name) => `${fake.url}/${name}.html`;
export const shown = (reader) => reader.hook("heading").count();
export const kept = (reader) => reader.page.evaluate(() => JSON.parse(localStorage.getItem("keepopen:journal") ?? "null"));
export const events = (name) => fake.of("/v1/banner/events").map((request) => request.body).filter(({ event }) => event === name);
/** So much time passes for what the reader's browser has kept. */
export const minutesPass = (reader, minutes) =>
  reader.page.evaluate((ms) => {
    const kept = JSON.parse(localStorage.getItem("keepopen:journal"));
    for (const pending of kept.pending) if (pending.checked) pending.checked -= ms;
    if (kept.hold) kept.hold.until -= ms;
    localStorage.setItem("keepopen:journal", JSON.stringify(kept));
  }, minutes * 60_000);
export const until = async (what) => {
  for (let tries = 0; tries < 100 && !what(); tries++) await new Promise((done) => setTimeout(done, 20));
  assert.ok(what(), String(what));
};

export async function pay(reader, how) {
  await reader.hook("give").click();
  await reader.page.locator(how).click();
  await settled(reader);
}

/** Serves a page with its source changed. */
export const changed = (reader, name, change) =>
  reader.page.route(`**/${name}.html*`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.text()) });
  });
