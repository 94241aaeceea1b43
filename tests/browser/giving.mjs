// Tests what an appeal offers: amounts, the suggested amount, the card fee, and the ticker (how much has been raised).
// Run: node --test tests/browser/giving.mjs
import assert from "node:assert/strict";
import { open, takeScreenshot } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { fake, pageUrl, story } from "./story.mjs";

const PHONE = { viewport: { width: 375, height: 720 } };

/** Returns the usual appeal with these choices (amounts and fees) changed. */
function withChoices(more) {
  return { ...APPEAL, content: { ...APPEAL.content, choices: { ...APPEAL.content.choices, ...more } } };
}

story("a reader who ticks the box also pays the card fee, which depends on the amount", {}, async (reader) => {
  fake.verdict = withChoices({ fee_cover: { per_million: 15000, fixed_minor: 25 }, step_minor: 1 });
  await open(reader, pageUrl("regatta"));
  const box = reader.hook("cover-fee");
  assert.equal(await box.isChecked(), false);
  assert.equal(await reader.page.getByLabel("Add €0.41 to cover the card fee").count(), 1);
  assert.equal(await reader.hook("give").textContent(), "Support us with €10 a month");
  await box.check();
  assert.equal(await reader.hook("give").textContent(), "Support us with €10.41 a month");
  await reader.hook("amount-2000").click();
  assert.equal(await reader.hook("give").textContent(), "Support us with €20.56 a month");
  await takeScreenshot(reader, "fee-desktop");
  await reader.hook("other").click();
  assert.equal(await box.isVisible(), false, "the form must not offer to cover the fee while there is no amount");
  await reader.hook("other-amount").fill("10");
  assert.equal(await reader.hook("give").textContent(), "Support us with €10.41 a month");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
  const [{ body }] = fake.requestsTo("/v1/checkout");
  assert.deepEqual([body.amount_minor, body.cover_fee], [1000, true], "the request must have the amount without the fee, which the service adds");
});

story("if the reader does not cover the fee, the request does not mention it", PHONE, async (reader) => {
  fake.verdict = withChoices({ fee_cover: { per_million: 15000, fixed_minor: 25 }, highlighted: { interval: "month", amount_minor: 2000 } });
  await open(reader, pageUrl("regatta"));
  await takeScreenshot(reader, "fee-phone");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
  assert.equal("cover_fee" in fake.requestsTo("/v1/checkout")[0].body, false);
});

story("the suggested amount is marked and chosen, and no amount is marked while another interval is chosen", {}, async (reader) => {
  fake.verdict = withChoices({ highlighted: { interval: "month", amount_minor: 2000 } });
  await open(reader, pageUrl("regatta"));
  const labels = () => reader.page.locator("keepopen-appeal .amounts label").allTextContents();
  assert.deepEqual(await labels(), ["€5", "€10", "€20 Suggested", "Other"]);
  assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month", "the suggested amount must also be chosen");
  await takeScreenshot(reader, "highlight-desktop");
  await reader.hook("interval-once").click();
  assert.deepEqual(await labels(), ["€5", "€15", "€50", "Other"]);
});

story("an amount that Stripe does not accept is not sent", {}, async (reader) => {
  fake.verdict = withChoices({ currency: "KWD", minor_digits: 3, step_minor: 10 });
  await open(reader, pageUrl("regatta"));
  await reader.hook("other").click();
  await reader.hook("other-amount").fill("1.235");
  await reader.hook("give").click();
  assert.match(await reader.hook("message").textContent(), /Enter an amount/);
  assert.equal(fake.requestsTo("/v1/checkout").length, 0);
});

const TICKER = { counts: "money", total: 3_451_290, goal: 5_000_000, percent: 69, currency: "EUR", minor_digits: 2, as_of: "2026-11-24T09:00:00Z" };
const withTicker = (ticker) => ({ ...APPEAL, content: { ...APPEAL.content, ticker } });

story("a ticker shows how much has been raised, as a sentence and a bar", {}, async (reader) => {
  fake.verdict = withTicker(TICKER);
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("ticker").innerText(), "€34,512 raised of €50,000");
  const bar = reader.page.getByRole("progressbar", { name: "€34,512 raised of €50,000" });
  assert.deepEqual(await bar.evaluate((element) => [element.value, element.max]), [3451290, 5000000]);
  await takeScreenshot(reader, "ticker-desktop");
});

story("a ticker shows the start of its counting period in the appeal's language", {}, async (reader) => {
  const sentence = async (from, locale = "en") => {
    const verdict = withTicker({ ...TICKER, from });
    fake.verdict = { ...verdict, content: { ...verdict.content, locale } };
    await open(reader, pageUrl("regatta"));
    return (await reader.hook("ticker").innerText()).replace(/\u00a0/g, " ");
  };
  assert.equal(await sentence("2026-11-01"), "€34,512 raised of €50,000 this month");
  assert.equal(await sentence("2026-09-15"), "€34,512 raised of €50,000 since September 15, 2026");
  assert.equal(await sentence("2026-11-01", "de"), "34.512 € von 50.000 € in diesem Monat gesammelt");
  // French writes a narrow no-break space between the thousands.
  assert.equal(await sentence("2026-09-15", "fr"), "34 512 € récoltés sur 50 000 € depuis le 15 septembre 2026".replace(/4 5|0 0/g, (match) => match.replace(" ", "\u202f")));
});

story("the form says who handles the payment, and that a recurring gift renews", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  const terms = () => reader.hook("secure").textContent();
  assert.equal(await terms(), "Secure payment by Stripe. Renews every month. Cancel any time.");
  await reader.hook("interval-year").click();
  assert.equal(await terms(), "Secure payment by Stripe. Renews every year. Cancel any time.");
  await reader.hook("interval-once").click();
  assert.equal((await terms()).trim(), "Secure payment by Stripe.");
});

story("if the total exceeds the goal, the bar is full and the sentence gives the total", PHONE, async (reader) => {
  fake.verdict = withTicker({ counts: "supporters", total: 1251, goal: 1000, percent: 125, as_of: TICKER.as_of });
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("ticker").isVisible(), false, "on a phone, the ticker must be hidden until the reader presses More");
  await reader.hook("more").click();
  assert.equal(await reader.hook("ticker").innerText(), "1,251 of 1,000 supporters");
  assert.equal(await reader.page.getByRole("progressbar").evaluate((element) => element.position), 1);
  await takeScreenshot(reader, "ticker-phone");
});

story("an appeal inside the article shows its ticker", PHONE, async (reader) => {
  fake.verdict = { ...withTicker(TICKER), surface: "inline" };
  await open(reader, pageUrl("eelgrass"));
  await reader.hook("ticker").scrollIntoViewIfNeeded();
  await takeScreenshot(reader, "ticker-inline-phone");
  assert.equal(await reader.hook("ticker").isVisible(), true);
});

story("long amounts stay within their boxes on a phone", PHONE, async (reader) => {
  const month = [150000, 300000, 1200000];
  fake.verdict = withChoices({ currency: "HUF", month, default: { interval: "month", amount_minor: 300000 }, highlighted: { interval: "month", amount_minor: 1200000 } });
  await open(reader, pageUrl("regatta"));
  const boxes = await reader.page.locator("keepopen-appeal .amounts span").evaluateAll((all) => all.map((element) => [element.scrollWidth, element.clientWidth]));
  assert.equal(boxes.length, 4);
  for (const [needed, available] of boxes) assert.ok(needed <= available, `an amount needs ${needed} pixels, but its box has ${available}`);
});
