// Tests the embed (the script on a newspaper's pages) with the browser's storage: blocked, full, cleared, or with an
// invalid entry. Also tests wrong clocks, payments that are being processed, and a service that fails.
// Run: node --test tests/browser/storage.mjs
import assert from "node:assert/strict";
import { open, settled } from "./browser.mjs";
import { events, fake, readStored, advanceMinutes, pageUrl, pay, countShown, story, waitUntil } from "./story.mjs";

/** The bodies of the questions (`POST /v1/banner`: show an appeal?) that the script has sent. */
const questions = () => fake.requestsTo("/v1/banner").map(({ body }) => body);
/** Functions that make the browser's storage unusable. They run in the page, before the script. */
const STORAGES = {
  "is blocked": () => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  },
  "is full": () => {
    try {
      for (let size = 4_000_000; size >= 1; size = Math.floor(size / 2)) {
        for (;;) {
          try {
            localStorage.setItem(`page-${size}-${localStorage.length}`, "x".repeat(size));
          } catch {
            break;
          }
        }
      }
    } catch {
      // The storage of this page is not available.
    }
  },
};
for (const [name, block] of Object.entries(STORAGES)) {
  story(`if the storage ${name}, the script acts as if there were no consent, and still thanks the reader for a gift`, {}, async (reader) => {
    await reader.page.addInitScript(block);
    await open(reader, pageUrl("regatta"));
    const [{ history, reader: context }] = questions();
    assert.deepEqual([history, context.bucket, context.consent], [undefined, undefined, "denied"]);
    await pay(reader, "#pay-card");
    assert.equal(await reader.hook("heading").textContent(), "Thank you");
    assert.equal(reader.page.url(), pageUrl("regatta"), "the script must remove its parameters from the address");
    assert.equal(fake.requestsTo("/v1/checkout")[0].body.return_url, `${pageUrl("regatta")}#keepopen_attempt=${fake.requestsTo("/v1/checkout")[0].body.attempt}`);
  });
}

story("a gift is not lost if the storage has room for the current entry but not for the gift", {}, async (reader) => {
  // Fill the storage only once, on this page. (An init script would run again on the payment page and on return.)
  await open(reader, pageUrl("regatta"));
  await waitUntil(() => events("view").length === 1);
  await reader.page.evaluate((block) => {
    new Function(`(${block})()`)();
    // Then free a little space.
    const fillers = Object.keys(localStorage).filter((key) => key.startsWith("page-")).sort((a, b) => localStorage[a].length - localStorage[b].length);
    for (let free = 0; free < 200; ) {
      const key = fillers.shift();
      free += key.length + localStorage[key].length;
      localStorage.removeItem(key);
    }
  }, String(STORAGES["is full"]));
  await reader.hook("amount-2000").click();
  await pay(reader, "#pay-card");
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
  assert.equal(reader.page.url(), pageUrl("regatta"));
});

story("if the page clears the storage, the script does not restore the old entry", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await waitUntil(() => events("view").length === 1);
  await reader.page.evaluate(() => localStorage.clear());
  await reader.hook("later").click();
  const { views, dismissals, bucket } = await readStored(reader);
  assert.deepEqual([views, dismissals.length, bucket], [[], 1, undefined]);
});

/** Stored entries that the script can't have written. */
const INVALID = [
  "nonsense", "null", "[]", "5", '"text"', '{"views":"x"}', '{"views":[null,{"appeal":7}]}', '{"bucket":"seven"}', '{"bucket":-4}', '{"pending":"x"}',
  '{"pending":[null]}', '{"pending":[{}]}', '{"dismissals":[{"appeal":"winter","kind":"shout","at":"soon"}]}', '{"articles":{"week":1}}',
  '{"articles":[{"week":"soon","count":"many"}]}', '{"articles":[{"week":"2026-02-31","count":1}]}', '{"meter":"x"}', '{"meter":{"from":1e300,"used":2}}',
  '{"days":"x"}', '{"days":[null]}', '{"days":[{"day":"2026-02-31","count":2}]}', '{"days":[{"day":"2026-11-24","count":"two"}]}', '{"last":5}', '{"last":"soon"}', '{"hold":"x"}', '{"hold":{"until":9e99,"about":""}}', '{"skew":"x"}', '{"token":{}}',
];
story("with any invalid entry, the script still asks, and repairs the entry", {}, async (reader) => {
  fake.strict = true;
  await open(reader, pageUrl("index"));
  for (const text of INVALID) {
    await reader.page.evaluate((text) => localStorage.setItem("keepopen:journal", text), text);
    fake.requests.length = 0;
    await open(reader, pageUrl("regatta"));
    assert.equal(await countShown(reader), 1, text);
    await waitUntil(() => events("view").length === 1);
    const { views, articles, pending, bucket } = await readStored(reader);
    assert.deepEqual([views.length, pending.length], [1, 0], text);
    assert.ok(articles.length <= 1, "no article may be counted twice");
    assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < 1_000_000, `after ${text}, the bucket is ${bucket}`);
  }
});

const YEAR_MS = 365 * 86_400_000;
for (const [name, offsetMs] of [["slow", -2 * YEAR_MS], ["fast", 2 * YEAR_MS]]) {
  story(`a dismissal stays valid if the browser's clock is two years ${name}, and after the clock is corrected`, {}, async (reader) => {
    const now = Date.now();
    fake.now = now;
    await reader.page.clock.install({ time: now + offsetMs });
    await open(reader, pageUrl("regatta"));
    await reader.hook("later").click();
    await open(reader, pageUrl("eelgrass"));
    // How far the time of each dismissal is from `now`, in units of ten minutes: 0 means less than five minutes.
    const dismissals = () => questions().at(-1).history.dismissals.map(({ kind, at }) => [kind, Math.round(Math.abs(Date.parse(at) - now) / 600_000)]);
    assert.deepEqual(dismissals(), [["later", 0]], "the time of the dismissal must be by the service's clock");
    await reader.page.clock.setSystemTime(now);
    for (const name of ["ferries", "committee-rooms"]) await open(reader, pageUrl(name));
    assert.deepEqual(dismissals(), [["later", 0]]);
  });
}

story("while a payment is being processed, the script sends no questions and seldom checks the payment, and the console stays empty", {}, async (reader) => {
  const lines = [];
  reader.page.on("console", (line) => lines.push(line.text()));
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-bank");
  await reader.hook("note").waitFor();
  fake.requests.length = 0;
  for (const name of ["eelgrass", "ferries", "regatta"]) await open(reader, pageUrl(name));
  assert.deepEqual(fake.requests, []);
  await advanceMinutes(reader, 10);
  await open(reader, pageUrl("eelgrass"));
  assert.deepEqual(fake.requests.map(({ path }) => path), ["/v1/tokens"]);
  assert.deepEqual(lines, []);
});

story("a reader who leaves the payment page finds the same choice, and reads that nothing was charged", {}, async (reader) => {
  const lines = [];
  reader.page.on("console", (line) => lines.push(line.text()));
  await open(reader, pageUrl("regatta"));
  await reader.hook("interval-once").click();
  await reader.hook("other").click();
  await reader.hook("other-amount").fill("12.50");
  await pay(reader, "#cancel");
  assert.equal(await reader.hook("give").textContent(), "Support us with €12.50");
  assert.equal(await reader.hook("message").textContent(), "You haven’t been charged.");
  await reader.page.waitForTimeout(200);
  assert.deepEqual([questions().length, events("view").length], [1, 1], "the return must not count as another page view");
  assert.equal((await readStored(reader)).articles[0].count, 1);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
  assert.equal(fake.requestsTo("/v1/checkout").at(-1).body.amount_minor, 1250);
  await open(reader, pageUrl("eelgrass"));
  fake.requests.length = 0;
  await open(reader, pageUrl("ferries"));
  assert.deepEqual(fake.requestsTo("/v1/tokens"), [], "the script must not check an open payment page on every page");
  assert.deepEqual(lines, []);
});

for (const [when, isDelayed] of [["at once", false], ["days later", true]]) {
  story(`if a payment fails ${when}, the reader can try again with the same choice, in a new attempt`, {}, async (reader) => {
    await open(reader, pageUrl("regatta"));
    await reader.hook("amount-2000").click();
    await pay(reader, isDelayed ? "#pay-bank" : "#pay-fails");
    if (isDelayed) {
      await open(reader, pageUrl("eelgrass"));
      fake.sessions.get("cs_test_1").state = "payment_failed";
      await advanceMinutes(reader, 10);
      await open(reader, pageUrl("eelgrass"));
    }
    assert.equal(await reader.hook("note").textContent(), "Your payment didn’t go through, so you weren’t charged.");
    const before = [questions().length, events("view").length];
    await reader.page.getByRole("button", { name: "Try again" }).press("Enter");
    await reader.hook("heading").getByText("We need your help now").waitFor();
    assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
    assert.equal(await reader.hook("give").evaluate((button) => button.getRootNode().activeElement === button), true, "the focus must be on the button");
    await reader.page.waitForTimeout(200);
    assert.deepEqual([questions().length, events("view").length], before, "the reader asked for the appeal, so it must not count as another view");
    await reader.page.keyboard.press("Enter");
    await reader.page.waitForURL("**/pay/cs_test_2");
    const [first, second] = fake.requestsTo("/v1/checkout").map(({ body }) => body);
    assert.notEqual(first.attempt, second.attempt);
    assert.equal(second.amount_minor, 2000);
  });
}

story("without a stored choice, a failed payment offers no button to try again", {}, async (reader) => {
  await open(reader, pageUrl("index"));
  await reader.page.evaluate(() => localStorage.setItem("keepopen:journal", JSON.stringify({ pending: [{ attempt: "a", session: "cs_test_1", at: Date.now() }] })));
  fake.sessions.set("cs_test_1", { id: "cs_test_1", attempt: "a", state: "payment_failed" });
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("note").textContent(), "Your payment didn’t go through, so you weren’t charged.");
  assert.equal(await reader.hook("again").count(), 0);
});

story("the appeal still offers another way to give if the service becomes unreachable", {}, async (reader) => {
  fake.verdict = { ...fake.verdict, content: { ...fake.verdict.content, choices: { ...fake.verdict.content.choices, fallback_url: "https://journal.example.org/give" } } };
  await open(reader, pageUrl("regatta"));
  await reader.page.route("**/v1/checkout", (route) => route.abort());
  await reader.hook("give").click();
  assert.equal(await reader.hook("fallback").getAttribute("href"), "https://journal.example.org/give");
});

story("the site's own form can read the attribution of a reader who was held out (got no appeal, for comparison)", {}, async (reader) => {
  fake.verdict = { show: false, reason: "holdout", attribution: "att_held_out", next_eligible_at: null };
  await open(reader, pageUrl("regatta"));
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.page.evaluate(() => window.keepopen.attribution()), "att_held_out");
  await reader.page.evaluate(() => window.keepopen.forget());
  assert.equal(await reader.page.evaluate(() => window.keepopen.attribution()), undefined);
});

const FAILURES = {
  "is down": (reader) => reader.page.route("**/v1/**", (route) => route.abort()),
  "responds with 500": () => (fake.overrides["/v1/banner"] = { status: 500, body: { code: "internal" } }),
  "responds with 503 and a verdict": () => (fake.overrides["/v1/banner"] = { status: 503, body: fake.verdict }),
  "responds with 500 and HTML": () => (fake.overrides["/v1/banner"] = { status: 500, text: "<h1>Bad gateway</h1>", type: "text/html" }),
  "responds with HTML": () => (fake.overrides["/v1/banner"] = { status: 200, text: "<h1>Sign in to the Wi-Fi</h1>", type: "text/html" }),
  "responds with HTML as JSON": () => (fake.overrides["/v1/banner"] = { status: 200, text: "<h1>Sign in</h1>", type: "application/json" }),
  "responds with ten megabytes": () => (fake.overrides["/v1/banner"] = { status: 200, text: JSON.stringify({ ...fake.verdict, values: { x: "y".repeat(10_000_000) } }), type: "application/json" }),
  "does not respond": () => (fake.overrides["/v1/banner"] = "hang"),
  "has only the loader of the script": (reader) => reader.page.route("**/embed/**", (route) => route.fulfill({ status: 404, body: "" })),
};
for (const [name, start] of Object.entries(FAILURES)) {
  story(`if the service ${name}, the page works as usual`, {}, async (reader) => {
    await start(reader);
    await open(reader, pageUrl("regatta"));
    await settled(reader);
    assert.equal(await countShown(reader), 0);
    assert.match(await reader.page.locator("h1").textContent(), /winter regatta/);
    assert.deepEqual([...fake.files], ["/embed.js"], "the only file of the script that is fetched must be the loader");
  });
}
