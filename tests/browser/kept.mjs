// Pages that the browser itself keeps or prepares: the back-forward store and prerendering, as Chromium really does them. (`hosts.mjs` and `embed.mjs` also
// play the events alone, which is quicker to read when one of them fails.)
// Run: node --test tests/browser/kept.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CHROMIUM, launch, newReader, settled } from "./browser.mjs";
import { startFake } from "./fake.mjs";

let browser, fake;
// Playwright switches the back-forward store off unless this argument is left out.
before(async () => (browser = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] })));
after(() => browser.close());

const PARAGRAPHS = "<p>The harbour opens after two years of work.</p>".repeat(30);
/** A page at the origin of a newspaper; the answer is its path. */
function host(path, { head = "", body = "", script = true } = {}) {
  const tag = script ? `<script async src="${fake.url}/embed.js" data-site="journal"></script>` : "";
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${path}</title><meta property="og:type" content="article">${head}${tag}</head><body>${body}${PARAGRAPHS}</body></html>`;
  fake.pages.set(`/host/${path}`, { headers: { "content-type": "text/html; charset=utf-8" }, body: text });
  return `/host/${path}`;
}
const questions = () => fake.of("/v1/banner").map(({ body }) => body);
const views = () => fake.of("/v1/banner/events").filter(({ body }) => body.event === "view").length;
async function until(what) {
  for (let tries = 0; tries < 400 && !what(); tries++) await new Promise((done) => setTimeout(done, 25));
  assert.ok(what(), String(what));
}

/** A story about a reader whose browser keeps pages for the way back; nothing may reach the console. */
function story(name, tell) {
  test(name, { timeout: 60_000 }, async () => {
    fake = await startFake();
    const reader = await newReader(browser);
    await reader.page.addInitScript(() => addEventListener("pageshow", (event) => ((window.persisted ??= []).push(event.persisted))));
    try {
      await tell(reader);
      assert.deepEqual(reader.complaints, []);
    } finally {
      await reader.leave();
      await fake.stop();
    }
  });
}
/** The browser's own way back; the page must come out of the store as it was. */
async function back(reader, times) {
  // A driver's `goBack` waits for a load that does not come.
  await reader.page.evaluate(() => void setTimeout(() => history.back()));
  await reader.page.waitForFunction((times) => window.persisted?.filter(Boolean).length === times, times);
  await settled(reader);
  await reader.page.waitForTimeout(200);
}

story("a page that comes out of the back-forward store asks no second time, and nothing of it is counted again", async (reader) => {
  host("two");
  await reader.page.goto(fake.elsewhere + host("one", { body: `<a id="next" href="/host/two">Two</a>` }));
  await until(() => views() === 1);
  for (let times = 1; times < 3; times++) {
    await reader.page.click("#next");
    await until(() => views() === times + 1);
    await back(reader, times);
    assert.deepEqual([questions().length, views()], [times + 1, times + 1]);
    assert.equal(await reader.hook("heading").count(), 1, "the appeal stands there as it was");
  }
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 3]);
});

story("the way back from the payment page finds the form awake, and the choice as it was", async (reader) => {
  await reader.page.goto(fake.elsewhere + host("one"));
  await until(() => views() === 1);
  await reader.hook("amount-2000").click();
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  await back(reader, 1);
  assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
  assert.equal(await reader.hook("message").textContent(), "You haven’t been charged.");
  assert.deepEqual([questions().length, views()], [1, 1]);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  fake.sessions.get("cs_test_1").state = "paid";
  await back(reader, 2);
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
  assert.deepEqual([questions().length, views()], [1, 1]);
});

story("a payment that failed can be tried again on the page that was kept, as another attempt", async (reader) => {
  await reader.page.goto(fake.elsewhere + host("one"));
  await reader.hook("amount-2000").click();
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  fake.sessions.get("cs_test_1").state = "payment_failed";
  await back(reader, 1);
  await reader.hook("again").click();
  assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_2");
  const [first, second] = fake.of("/v1/checkout").map(({ body }) => body.attempt);
  assert.notEqual(first, second);
});

test("a page that is prerendered is asked about and counted once, when the reader sees it", { timeout: 60_000 }, async () => {
  fake = await startFake();
  const folder = await mkdtemp(join(tmpdir(), "keepopen-prerender-"));
  // A driver that is attached to a page keeps it from prerendering others, so the pages go on by themselves, and tell the service where they are.
  const tell = `const tell = (what) => fetch("/v1/told-" + what, { method: "POST" });`;
  host("next", { head: `<script>${tell} tell(document.prerendering ? "prerendering" : "shown"); document.addEventListener("prerenderingchange", () => tell("activated"));</script>` });
  const rules = `<script type="speculationrules">{"prerender":[{"source":"list","urls":["/host/next"],"eagerness":"immediate"}]}</script>`;
  const go = `<script>setInterval(async () => (await (await fetch("/host/go")).text()) === "go" && document.getElementById("next").click(), 50)</script>`;
  const start = host("start", { script: false, head: rules, body: `<a id="next" href="/host/next">Next</a>${go}` });
  fake.pages.set("/host/go", { headers: { "content-type": "text/plain" }, body: "wait" });
  const args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const alone = spawn(CHROMIUM, [...args, `--user-data-dir=${folder}`, fake.elsewhere + start], { stdio: "ignore" });
  const gone = new Promise((done) => alone.once("exit", done));
  try {
    await until(() => fake.heard.some(({ path }) => path.startsWith("/v1/told-")));
    // Long enough for the script to have asked, if it did.
    await until(() => fake.files.has("/embed.js"));
    await new Promise((done) => setTimeout(done, 500));
    assert.deepEqual(fake.heard.map(({ path }) => path), ["/v1/told-prerendering"]);
    fake.pages.set("/host/go", { headers: { "content-type": "text/plain" }, body: "go" });
    await until(() => views() === 1);
    await new Promise((done) => setTimeout(done, 300));
    assert.deepEqual([questions().length, views(), fake.of("/v1/told-activated").length, fake.of("/v1/told-shown").length], [1, 1, 1, 0]);
    assert.equal(questions()[0].page.url, `${fake.elsewhere}/host/next`);
  } finally {
    alone.kill();
    await gone;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await fake.stop();
  }
});
