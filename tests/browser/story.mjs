// What the tests of the embed (the script on a newspaper's pages) share: a reader in a browser, a fake service for each
// test, and helpers for both.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newReader, settled } from "./browser.mjs";
import { startFake } from "./fake.mjs";

let browser;
/** The fake service of the running test. */
export let fake;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Defines a test about one reader with a fake service of its own. The test fails if the page had any error. */
export function story(name, options, run) {
  test(name, { timeout: 40_000 }, async () => {
    fake = await startFake();
    const reader = await newReader(browser, options);
    try {
      await run(reader);
      assert.deepEqual(reader.errors, []);
    } finally {
      await reader.leave();
      await fake.stop();
    }
  });
}

/** Returns the address of an article of the demo newspaper. */
export const pageUrl = (name) => `${fake.url}/${name}.html`;
/** How many appeals, or thanks, the page shows. */
export const countShown = (reader) => reader.hook("heading").count();
/** Reads the entry that the script has stored in the browser. */
export const readStored = (reader) => reader.page.evaluate(() => JSON.parse(localStorage.getItem("keepopen:journal") ?? "null"));
/** The reported events with this name: `view`, `click` or `dismiss`. */
export const events = (name) => fake.requestsTo("/v1/banner/events").map((request) => request.body).filter(({ event }) => event === name);
/**
 * Makes the last check of each pending payment, and the end of the pause between two questions (`hold`), look this many
 * minutes older.
 */
export const advanceMinutes = (reader, minutes) =>
  reader.page.evaluate((ms) => {
    const stored = JSON.parse(localStorage.getItem("keepopen:journal"));
    for (const pending of stored.pending) if (pending.checked) pending.checked -= ms;
    if (stored.hold) stored.hold.until -= ms;
    localStorage.setItem("keepopen:journal", JSON.stringify(stored));
  }, minutes * 60_000);
/** Waits until `condition` returns true, for at most two seconds. */
export const waitUntil = async (condition) => {
  for (let tries = 0; tries < 100 && !condition(); tries++) await new Promise((done) => setTimeout(done, 20));
  assert.ok(condition(), `this did not become true: ${condition}`);
};

/** Opens the payment page and clicks a link there, such as `#pay-card` or `#cancel`. */
export async function pay(reader, link) {
  await reader.hook("give").click();
  await reader.page.locator(link).click();
  await settled(reader);
}

/** Applies `change` to the HTML of a page whenever the reader opens that page. */
export const rewritePage = (reader, name, change) =>
  reader.page.route(`**/${name}.html*`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.text()) });
  });
