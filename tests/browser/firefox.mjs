// Tests the embed (the script on a newspaper's pages) in Debian's Firefox, over WebDriver BiDi. Covers what differs
// from Chromium: module loading, content security policies, storage and history.
// Run: node --test tests/browser/firefox.mjs        (FIREFOX=path uses another Firefox)
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { APPEAL, startFake } from "./fake.mjs";

const puppeteer = createRequire(new URL("../../web/package.json", import.meta.url))("puppeteer-core");

let browser, fake, page, lines;
before(async () => {
  browser = await puppeteer.launch({ browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr", headless: true });
});
after(() => browser?.close());

/** Defines a test about one reader with a fake service of its own. The console must stay empty. */
function story(name, run) {
  test(name, { timeout: 40_000 }, async () => {
    fake = await startFake();
    const context = await browser.createBrowserContext();
    page = await context.newPage();
    lines = [];
    page.on("pageerror", (error) => lines.push(String(error)));
    page.on("console", (line) => ["error", "warn"].includes(line.type()) && lines.push(line.text()));
    try {
      await run();
      assert.deepEqual(lines, [], "the console must have no errors or warnings");
    } finally {
      await context.close();
      await fake.stop();
    }
  });
}

const BODY = "<p>The harbour opens after two years of work.</p>".repeat(20);
/** Defines a page of the newspaper, which has another origin than the service. Returns the page's address. */
function addPage(path, { head = "", headers = {} } = {}) {
  const script = `<script async src="${fake.url}/embed.js" data-site="journal"></script>`;
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${path}</title><meta property="og:type" content="article">${head}${script}</head><body>${BODY}</body></html>`;
  fake.pages.set(`/host/${path}`, { headers: { "content-type": "text/html; charset=utf-8", ...headers }, body });
  return `${fake.elsewhere}/host/${path}`;
}

const selectorOf = (test) => `keepopen-appeal >>> [data-test="${test}"]`;
const textOf = async (test) => (await page.waitForSelector(selectorOf(test), { timeout: 10_000 })).evaluate((element) => element.textContent);
const press = async (test) => (await page.waitForSelector(selectorOf(test), { timeout: 10_000 })).evaluate((element) => (element.querySelector("input") ?? element).click());
/** The bodies of the questions (`POST /v1/banner`: show an appeal?) that the script has sent. */
const questions = () => fake.requestsTo("/v1/banner").map(({ body }) => body);
/** How many views of an appeal the script has reported. */
const views = () => fake.requestsTo("/v1/banner/events").filter(({ body }) => body.event === "view").length;
/** Waits until `condition` returns true, for at most five seconds. */
async function waitUntil(condition) {
  for (let tries = 0; tries < 200 && !condition(); tries++) await new Promise((done) => setTimeout(done, 25));
  assert.ok(condition(), `this did not become true: ${condition}`);
}

story("an appeal is shown and counted once, leads to the payment page, and is followed by thanks", async () => {
  const address = addPage("plain");
  await page.goto(address);
  assert.equal(await textOf("heading"), APPEAL.content.heading);
  await waitUntil(() => views() === 1);
  assert.equal(questions().length, 1);
  await press("give");
  await (await page.waitForSelector("#pay-card")).click();
  assert.equal(await textOf("heading"), "Thank you");
  assert.equal(page.url(), address);
  await page.goto(addPage("next"));
  await waitUntil(() => questions().length === 2);
  assert.equal(questions()[1].token, "token_cs_test_1");
});

story("a content security policy with only the service's origin and with Trusted Types allows an appeal", async () => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "de" } };
  const policy = `default-src 'none'; script-src ${fake.url}; connect-src ${fake.url}; img-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'`;
  await page.goto(addPage("strict", { headers: { "content-security-policy": policy } }));
  assert.equal(await textOf("already"), "Ich unterstütze Sie schon");
  const position = await (await page.$(selectorOf("panel-ask"))).evaluate((panel) => getComputedStyle(panel).position);
  assert.equal(position, "fixed");
});

story("the script asks once about a page that a router swaps in", async () => {
  await page.goto(addPage("one", { head: `<meta property="article:section" content="harbour">` }));
  await waitUntil(() => views() === 1);
  fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
  await page.evaluate(() => {
    history.pushState({}, "", "/host/two");
    document.head.insertAdjacentHTML("beforeend", `<meta name="keepopen:sensitive" content="true">`);
  });
  await waitUntil(() => questions().length === 2);
  assert.equal(questions()[1].page.sensitive, true);
  assert.equal(await page.$(selectorOf("heading")), null);
});

story("a reader who leaves the payment page reads that nothing was charged", async () => {
  await page.goto(addPage("left"));
  await press("amount-2000");
  await press("give");
  await (await page.waitForSelector("#cancel")).click();
  assert.equal(await textOf("message"), "You haven’t been charged.");
  assert.equal(await textOf("give"), "Support us with €20 a month");
});

story("on a page from the back-forward cache, the script doesn't ask again, and the form works", async () => {
  await page.evaluateOnNewDocument(() => addEventListener("pageshow", (event) => ((window.persisted ??= []).push(event.persisted))));
  const goBack = async (restored) => {
    await page.evaluate(() => void setTimeout(() => history.back()));
    await page.waitForFunction((restored) => window.persisted?.filter(Boolean).length === restored, {}, restored);
    await new Promise((done) => setTimeout(done, 300));
  };
  addPage("two");
  await page.goto(addPage("one", { head: `<script>addEventListener("DOMContentLoaded", () => document.body.insertAdjacentHTML("afterbegin", '<a id="next" href="/host/two">Two</a>'))</script>` }));
  await waitUntil(() => views() === 1);
  await page.click("#next");
  await waitUntil(() => views() === 2);
  await goBack(1);
  assert.deepEqual([questions().length, views()], [2, 2]);
  await press("amount-2000");
  await press("give");
  await page.waitForSelector("#cancel");
  await goBack(2);
  assert.equal(await textOf("message"), "You haven’t been charged.");
  assert.equal(await textOf("give"), "Support us with €20 a month");
  assert.deepEqual([questions().length, views()], [2, 2]);
});

story("if the browser blocks its storage, the reader is still thanked for a gift", async () => {
  await page.evaluateOnNewDocument(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  await page.goto(addPage("closed"));
  await press("give");
  await (await page.waitForSelector("#pay-card")).click();
  assert.equal(await textOf("heading"), "Thank you");
});
