// Tests the embed (the script on a newspaper's pages) with Chromium's real back-forward cache and prerendering.
// `hosts.mjs` and `embed.mjs` also test this behaviour, but without the cache: they dispatch the browser's events
// (such as `pageshow`) themselves. A failure there is easier to understand.
// Run: node --test tests/browser/bfcache.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CHROMIUM, launch, newReader, settled } from "./browser.mjs";
import { startFake } from "./fake.mjs";

let browser, fake;
// By default, Playwright passes this argument, which disables the back-forward cache.
before(async () => (browser = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] })));
after(() => browser.close());

const PARAGRAPHS = "<p>The harbour opens after two years of work.</p>".repeat(30);
/** Defines a page of the newspaper, which has another origin than the service. Returns the page's path. */
function addPage(path, { head = "", body = "", script = true } = {}) {
  const tag = script ? `<script async src="${fake.url}/embed.js" data-site="journal"></script>` : "";
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${path}</title><meta property="og:type" content="article">${head}${tag}</head><body>${body}${PARAGRAPHS}</body></html>`;
  fake.pages.set(`/host/${path}`, { headers: { "content-type": "text/html; charset=utf-8" }, body: text });
  return `/host/${path}`;
}
/** The bodies of the questions (`POST /v1/banner`: show an appeal?) that the script has sent. */
const questions = () => fake.requestsTo("/v1/banner").map(({ body }) => body);
/** How many views of an appeal the script has reported. */
const views = () => fake.requestsTo("/v1/banner/events").filter(({ body }) => body.event === "view").length;
/** Waits until `condition` returns true, for at most ten seconds. */
async function waitUntil(condition) {
  for (let tries = 0; tries < 400 && !condition(); tries++) await new Promise((done) => setTimeout(done, 25));
  assert.ok(condition(), `this did not become true: ${condition}`);
}

/** Defines a test about a reader whose browser has a back-forward cache. The test fails if the page had any error. */
function story(name, run) {
  test(name, { timeout: 60_000 }, async () => {
    fake = await startFake();
    const reader = await newReader(browser);
    await reader.page.addInitScript(() => addEventListener("pageshow", (event) => ((window.persisted ??= []).push(event.persisted))));
    try {
      await run(reader);
      assert.deepEqual(reader.errors, []);
    } finally {
      await reader.leave();
      await fake.stop();
    }
  });
}
/**
 * Goes back in the browser's history. Waits until `restored` pages have come from the back-forward cache since the test
 * began.
 */
async function goBack(reader, restored) {
  // Don't use Playwright's `goBack`: it waits for a load that does not happen.
  await reader.page.evaluate(() => void setTimeout(() => history.back()));
  await reader.page.waitForFunction((restored) => window.persisted?.filter(Boolean).length === restored, restored);
  await settled(reader);
  await reader.page.waitForTimeout(200);
}

story("on a page from the back-forward cache, the script sends no new question and counts nothing again", async (reader) => {
  addPage("two");
  await reader.page.goto(fake.elsewhere + addPage("one", { body: `<a id="next" href="/host/two">Two</a>` }));
  await waitUntil(() => views() === 1);
  for (let times = 1; times < 3; times++) {
    await reader.page.click("#next");
    await waitUntil(() => views() === times + 1);
    await goBack(reader, times);
    assert.deepEqual([questions().length, views()], [times + 1, times + 1]);
    assert.equal(await reader.hook("heading").count(), 1, "the page must still show the appeal");
  }
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 3]);
});

story("when the reader goes back from the payment page, the form works and keeps the reader's choice", async (reader) => {
  await reader.page.goto(fake.elsewhere + addPage("one"));
  await waitUntil(() => views() === 1);
  await reader.hook("amount-2000").click();
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  await goBack(reader, 1);
  assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
  assert.equal(await reader.hook("message").textContent(), "You haven’t been charged.");
  assert.deepEqual([questions().length, views()], [1, 1]);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  fake.sessions.get("cs_test_1").state = "paid";
  await goBack(reader, 2);
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
  assert.deepEqual([questions().length, views()], [1, 1]);
});

story("on a page from the back-forward cache, a reader whose payment failed can try again, with a new attempt id", async (reader) => {
  await reader.page.goto(fake.elsewhere + addPage("one"));
  await reader.hook("amount-2000").click();
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  fake.sessions.get("cs_test_1").state = "payment_failed";
  await goBack(reader, 1);
  await reader.hook("again").click();
  assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_2");
  const [first, second] = fake.requestsTo("/v1/checkout").map(({ body }) => body.attempt);
  assert.notEqual(first, second);
});

test("on a prerendered page, the script waits until the reader sees the page, then asks once and counts one view", { timeout: 60_000 }, async () => {
  fake = await startFake();
  const folder = await mkdtemp(join(tmpdir(), "keepopen-prerender-"));
  // Chromium does not prerender while a test driver such as Playwright is attached to it. So this test starts Chromium
  // without a driver: the pages navigate by themselves and report their state to the fake service.
  const report = `const report = (state) => fetch("/v1/reported-" + state, { method: "POST" });`;
  addPage("next", { head: `<script>${report} report(document.prerendering ? "prerendering" : "shown"); document.addEventListener("prerenderingchange", () => report("activated"));</script>` });
  const rules = `<script type="speculationrules">{"prerender":[{"source":"list","urls":["/host/next"],"eagerness":"immediate"}]}</script>`;
  // The first page asks the fake service for `/host/go`, and clicks its link when the response is "go".
  const go = `<script>setInterval(async () => (await (await fetch("/host/go")).text()) === "go" && document.getElementById("next").click(), 50)</script>`;
  const start = addPage("start", { script: false, head: rules, body: `<a id="next" href="/host/next">Next</a>${go}` });
  fake.pages.set("/host/go", { headers: { "content-type": "text/plain" }, body: "wait" });
  const args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const chromium = spawn(CHROMIUM, [...args, `--user-data-dir=${folder}`, fake.elsewhere + start], { stdio: "ignore" });
  const exited = new Promise((done) => chromium.once("exit", done));
  try {
    await waitUntil(() => fake.requests.some(({ path }) => path.startsWith("/v1/reported-")));
    // Wait long enough for a question to arrive. There must be none while the page is prerendered.
    await waitUntil(() => fake.files.has("/embed.js"));
    await new Promise((done) => setTimeout(done, 500));
    assert.deepEqual(fake.requests.map(({ path }) => path), ["/v1/reported-prerendering"]);
    fake.pages.set("/host/go", { headers: { "content-type": "text/plain" }, body: "go" });
    await waitUntil(() => views() === 1);
    await new Promise((done) => setTimeout(done, 300));
    assert.deepEqual([questions().length, views(), fake.requestsTo("/v1/reported-activated").length, fake.requestsTo("/v1/reported-shown").length], [1, 1, 1, 0]);
    assert.equal(questions()[0].page.url, `${fake.elsewhere}/host/next`);
  } finally {
    chromium.kill();
    await exited;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await fake.stop();
  }
});
