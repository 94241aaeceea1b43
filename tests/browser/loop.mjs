// Tests the whole loop, from the appeal to the thanks, with the real service: `keepopen demo`, a reader in Chromium,
// and the practice Stripe (a local stand-in for Stripe that the demo starts).
// Run: KEEPOPEN_BIN=target/release/keepopen node tests/browser/loop.mjs        (SHOTS=folder also takes screenshots)
// Prints "N passed, N failed" at the end. Exits with 1 if anything failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { launch, newReader, open, settled, takeScreenshot } from "./browser.mjs";

const { createLocalJWKSet, jwtVerify } = createRequire(new URL("../../web/package.json", import.meta.url))("jose");

const stories = [];
/** Defines a test about one reader. The end of this file runs all tests in order. */
const story = (name, run) => stories.push({ name, run });
const sizes = { 1280: { width: 1280, height: 900 }, 390: { width: 390, height: 844 } };

/** `demo` has the addresses of the demo's servers, and a function that stops the demo: see `startDemo`. */
let demo, browser;
const article = (name) => `${demo.newspaper}/${name}.html`;
const heading = (reader) => reader.hook("heading").textContent({ timeout: 5_000 });
const standing = (reader) => reader.page.evaluate(() => window.keepopen.standing());
const assertNothingShown = async (reader) => assert.equal(await reader.page.locator("keepopen-appeal [data-test^=panel-]").count(), 0, "the page must show no appeal and no message");
/** The heading of every appeal of the demo matches this pattern. */
const APPEAL_HEADING = /help/i;
/** The heading of all thanks matches this pattern. */
const THANKS_HEADING = /thank/i;

/** Chooses a gift in the appeal and goes to the payment page. */
async function give(reader, interval, amountMinor) {
  if (await reader.hook("more").isVisible()) await reader.hook("more").click();
  await reader.hook(`interval-${interval}`).click();
  await reader.hook(`amount-${amountMinor}`).click();
  await reader.hook("give").click();
  await reader.page.waitForURL((url) => url.href.startsWith(demo.practice));
}

/** Enters the reader's email address on the payment page and presses a button there, which leads back to the newspaper. */
async function payWith(reader, button) {
  await reader.page.fill("#email", reader.email);
  await reader.page.click(button);
  await reader.page.waitForURL((url) => url.href.startsWith(demo.newspaper));
  await settled(reader);
}

/** Presses a button next to the reader's payment in the practice Stripe's console, as an operator in a separate browser. */
async function pressInConsole(action, reader, picture) {
  const operator = await newReader(browser);
  await open(operator, `${demo.practice}/console`);
  await takeScreenshot(operator, picture, { fullPage: true });
  await operator.page.locator("[data-row]", { hasText: reader.email }).locator(`button[data-action="${action}"]`).first().click();
  await settled(operator);
  await operator.leave();
}

/**
 * Makes the last check of each pending payment look ten minutes older, because the script checks a payment only every
 * ten minutes.
 */
const advanceTenMinutes = (reader) =>
  reader.page.evaluate(() => {
    const stored = JSON.parse(localStorage.getItem("keepopen:journal"));
    for (const pending of stored.pending) pending.checked -= 600_000;
    localStorage.setItem("keepopen:journal", JSON.stringify(stored));
  });

/** Opens an article again and again until it shows the expected text, because webhooks arrive with a delay. */
async function openUntil(reader, url, expected) {
  for (let tries = 0; ; tries++) {
    await open(reader, url);
    const texts = await reader.page.locator('keepopen-appeal [id="heading"]').allTextContents();
    if (texts.some((text) => expected.test(text))) return;
    assert.ok(tries < 20, `after ${tries + 1} visits, the page shows ${JSON.stringify(texts)}, not ${expected}`);
    await advanceTenMinutes(reader);
  }
}

story("a reader sees an appeal, gives 10 a month, is thanked, and sees no more appeals until the gift is refunded", async (reader) => {
  await open(reader, article("ferries"));
  assert.match(await heading(reader), APPEAL_HEADING);
  await give(reader, "month", 1000);
  await takeScreenshot(reader, "pay-1280");
  await payWith(reader, "#pay-card");
  assert.match(await heading(reader), THANKS_HEADING);
  assert.equal(reader.page.url(), article("ferries"), "the address must not contain the session any more");
  assert.equal(await standing(reader), "recurring");
  await reader.page.reload();
  await settled(reader);
  await assertNothingShown(reader);
  await open(reader, article("committee-rooms"));
  await assertNothingShown(reader);

  await pressInConsole("refund", reader, "console-1280");
  await openUntil(reader, article("committee-rooms"), APPEAL_HEADING);
  assert.equal(await standing(reader), "none");
});

story("a JWT library can verify the token offline, and rejects it for another site or after a change", async (reader) => {
  await open(reader, article("eelgrass"));
  await give(reader, "month", 1000);
  await payWith(reader, "#pay-card");
  const token = await reader.page.evaluate(() => JSON.parse(localStorage.getItem("keepopen:journal")).token);
  const keys = await (await fetch(`${demo.keepopen}/.well-known/jwks.json`)).json();
  // From here on, the test makes no request.
  const offline = createLocalJWKSet(keys);
  const expected = { algorithms: ["EdDSA"], issuer: demo.keepopen, audience: "journal", typ: "supporter+jwt" };
  const { payload } = await jwtVerify(token, offline, expected);
  assert.equal(payload.standing, "recurring");
  assert.match(payload.sub, /^sup_[0-9a-z]{26}$/);
  await assert.rejects(jwtVerify(token, offline, { ...expected, audience: "gazette" }), /aud/);
  const [head, body, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  const forged = Buffer.from(JSON.stringify({ ...claims, standing: "one_off" })).toString("base64url");
  await assert.rejects(jwtVerify([head, forged, signature].join("."), offline, expected), /signature/);
});

story("after a one-off gift, the reader sees the thanks and no more appeals", async (reader) => {
  await open(reader, article("library-piano"));
  await reader.hook("interval-once").click();
  const [first] = await reader.page.locator('keepopen-appeal [data-test^="amount-"]').evaluateAll((labels) => labels.map((label) => label.dataset.test));
  await give(reader, "once", first.replace("amount-", ""));
  await payWith(reader, "#pay-card");
  assert.match(await heading(reader), THANKS_HEADING);
  assert.equal(await standing(reader), "one_off");
  await open(reader, article("regatta"));
  await assertNothingShown(reader);
});

story("the payment page shows an amount that the reader typed", async (reader) => {
  await open(reader, article("regatta"));
  await reader.hook("interval-once").click();
  await reader.hook("other").click();
  await reader.page.keyboard.type("12.50");
  await reader.hook("give").click();
  await reader.page.waitForURL((url) => url.href.startsWith(demo.practice));
  assert.match(await reader.page.locator("body").textContent(), /12[.,]50/);
});

story("a reader whose card is declined is not thanked, and may be asked again", async (reader) => {
  await open(reader, article("regatta"));
  await give(reader, "month", 1000);
  await reader.page.click("#pay-declined");
  await settled(reader);
  assert.ok(reader.page.url().startsWith(demo.practice), "the reader must stay on the payment page");
  assert.match(await reader.page.locator("body").textContent(), /declined/i);
  await payWith(reader, "#cancel");
  assert.match(await heading(reader), APPEAL_HEADING);
  assert.equal(await standing(reader), "none");
});

story("while a bank debit is being processed, no appeal and no thanks show; when it fails, a note says so, and the reader may be asked again", async (reader) => {
  await open(reader, article("eelgrass"));
  await give(reader, "once", 1500);
  await payWith(reader, "#pay-bank");
  assert.match(await reader.hook("note").textContent(), /being processed/);
  await open(reader, article("eelgrass"));
  await assertNothingShown(reader);
  await open(reader, article("ferries"));
  await assertNothingShown(reader);
  await pressInConsole("fail-debit", reader, "console-pending-1280");
  await openUntil(reader, article("ferries"), /didn’t go through/);
  await open(reader, article("eelgrass"));
  assert.match(await heading(reader), APPEAL_HEADING);
});

story("after a bank debit succeeds, the next page shows the thanks", async (reader) => {
  await open(reader, article("eelgrass"));
  await give(reader, "once", 1500);
  await payWith(reader, "#pay-bank");
  await pressInConsole("settle", reader, "console-settle-1280");
  await openUntil(reader, article("ferries"), THANKS_HEADING);
  assert.equal(await standing(reader), "one_off");
});

story("an article about a fatal accident shows no appeal", async (reader) => {
  await open(reader, article("skerries"));
  await assertNothingShown(reader);
  await open(reader, article("ferries"));
  assert.match(await heading(reader), APPEAL_HEADING);
});

story("the newspaper works as usual while the service is down", async (reader) => {
  await reader.page.route(`${demo.keepopen}/v1/**`, (route) => route.abort());
  await open(reader, article("ferries"));
  await assertNothingShown(reader);
  await reader.page.route(`${demo.keepopen}/**`, (route) => route.abort());
  await open(reader, article("eelgrass"));
  await assertNothingShown(reader);
  assert.match(await reader.page.locator("h1").textContent(), /eelgrass/);
});

story("if the service goes down before the gift, a message says that nothing was charged", async (reader) => {
  await open(reader, article("ferries"));
  await reader.page.route(`${demo.keepopen}/v1/checkout`, (route) => route.abort());
  await reader.hook("give").click();
  await reader.hook("message").getByText(/haven’t been charged/).waitFor();
});

story("the practice Stripe's pages fit a phone even with long event names, and an amount stays on one line", async (reader) => {
  await reader.page.setViewportSize(sizes[390]);
  const width = () => reader.page.evaluate(() => document.documentElement.scrollWidth);
  await open(reader, article("regatta"));
  await give(reader, "month", 1000);
  assert.equal(await width(), 390);
  assert.equal(await reader.page.locator("#amount .sum").evaluate((sum) => sum.getClientRects().length), 1);
  await payWith(reader, "#pay-card");
  await open(reader, `${demo.practice}/console`);
  assert.equal(await reader.page.locator("#events [data-row]").count(), 30);
  await reader.page.click(".more a");
  await settled(reader);
  assert.ok((await reader.page.locator("#events [data-row]").count()) > 30, "the link must show more than the first 30 events");
  assert.match(await reader.page.locator("#events").textContent(), /checkout\.session\.async_payment_failed/);
  assert.equal(await width(), 390);
});

/** Takes screenshots at one width, for visual review. */
async function takePictures(width) {
  const reader = Object.assign(await newReader(browser, { viewport: sizes[width] }), { email: `reader-at-${width}@example.org` });
  await open(reader, `${demo.newspaper}/`);
  await reader.page.waitForTimeout(500); // wait for the banner's animation
  await takeScreenshot(reader, `front-${width}`);
  await open(reader, article("ferries"));
  await reader.page.waitForTimeout(500);
  await takeScreenshot(reader, `article-asked-${width}`);
  await reader.hook("give").click();
  await reader.page.waitForURL((url) => url.href.startsWith(demo.practice));
  await takeScreenshot(reader, `pay-${width}`, { fullPage: true });
  await payWith(reader, "#pay-card");
  await reader.page.waitForTimeout(500);
  await takeScreenshot(reader, `article-thanked-${width}`);
  await open(reader, `${demo.newspaper}/`);
  await takeScreenshot(reader, `front-supporter-${width}`, { fullPage: true });
  await open(reader, article("skerries"));
  await takeScreenshot(reader, `sensitive-${width}`, { fullPage: true });
  await open(reader, `${demo.practice}/console`);
  await takeScreenshot(reader, `console-${width}`, { fullPage: true });
  await reader.leave();
}

/** Starts the demo and waits for the line that has its addresses. */
async function startDemo() {
  // The server reads every KEEPOPEN_ variable as a setting, so KEEPOPEN_BIN is not passed on.
  const { KEEPOPEN_BIN: binary, ...env } = process.env;
  assert.ok(binary, "Set KEEPOPEN_BIN to the keepopen binary.");
  const child = spawn(binary, ["demo", "--port", "0", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((_, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`keepopen demo ended with ${code} before it was ready`)));
  });
  // The demo also exits at the end of the tests. Node must not report this exit as an unhandled rejection.
  ended.catch(() => {});
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("{")) return JSON.parse(line);
    }
    throw new Error("keepopen demo did not print its addresses");
  })();
  const addresses = await Promise.race([ready, ended]);
  child.stdout.resume();
  for (const [name, url] of Object.entries(addresses)) addresses[name] = String(url).replace(/\/$/, "");
  return { ...addresses, stop: () => child.kill("SIGTERM") };
}

let passed = 0;
let failed = 0;
try {
  demo = await startDemo();
  browser = await launch();
  for (const { name, run } of stories) {
    // Each reader has a separate email address. Otherwise the gifts of one story would affect the standing in another.
    const reader = Object.assign(await newReader(browser), { email: `reader-${passed + failed + 1}@example.org` });
    try {
      await run(reader);
      assert.deepEqual(reader.errors, [], "the page must have no errors");
      passed++;
      console.log(`ok: ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED: ${name}\n${error.stack}`);
      await takeScreenshot(reader, `failed-${failed}`).catch(() => {});
    }
    await reader.leave();
  }
  if (process.env.SHOTS) for (const width of Object.keys(sizes)) await takePictures(width);
} catch (error) {
  failed++;
  console.log(error.stack);
} finally {
  await browser?.close();
  demo?.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
