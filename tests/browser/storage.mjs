// What the embed does with what the browser keeps, or doesn't: storage that is closed, full, cleared or odd, a wrong clock, and a payment under way.
// Run: node --test tests/browser/storage.mjs
import assert from "node:assert/strict";
import { open, settled } from "./browser.mjs";
import { events, fake, kept, minutesPass, page, pay, shown, story, until } from "./story.mjs";

const asked = () => fake.of("/v1/banner").map(({ body }) => body);
const STORAGES = {
  "is closed": () => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("closed", "SecurityError");
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
      // Another origin's page.
    }
  },
};
for (const [name, block] of Object.entries(STORAGES)) {
  story(`a storage that ${name} is as good as a refusal, and a gift still gets its thanks`, {}, async (reader) => {
    await reader.page.addInitScript(block);
    await open(reader, page("regatta"));
    const [{ history, reader: told }] = asked();
    assert.deepEqual([history, told.bucket, told.consent], [undefined, undefined, "denied"]);
    await pay(reader, "#pay-card");
    assert.equal(await reader.hook("heading").textContent(), "Thank you");
    assert.equal(reader.page.url(), page("regatta"), "what the way back needed is gone from the address");
    assert.equal(fake.of("/v1/checkout")[0].body.return_url, `${page("regatta")}#keepopen_attempt=${fake.of("/v1/checkout")[0].body.attempt}`);
  });
}

story("a storage with room for some things and not for a gift does not lose the gift", {}, async (reader) => {
  // A page's script, so that the payment page and the way back see the same storage.
  await open(reader, page("regatta"));
  await until(() => events("view").length === 1);
  await reader.page.evaluate((block) => {
    new Function(`(${block})()`)();
    // All is full but for a little more than what is there now.
    const last = Object.keys(localStorage).filter((key) => key.startsWith("page-")).sort((a, b) => localStorage[a].length - localStorage[b].length);
    for (let free = 0; free < 200; ) {
      const key = last.shift();
      free += key.length + localStorage[key].length;
      localStorage.removeItem(key);
    }
  }, String(STORAGES["is full"]));
  await reader.hook("amount-2000").click();
  await pay(reader, "#pay-card");
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
  assert.equal(reader.page.url(), page("regatta"));
});

story("what a page clears stays cleared", {}, async (reader) => {
  await open(reader, page("regatta"));
  await until(() => events("view").length === 1);
  await reader.page.evaluate(() => localStorage.clear());
  await reader.hook("later").click();
  const { views, dismissals, bucket } = await kept(reader);
  assert.deepEqual([views, dismissals.length, bucket], [[], 1, undefined]);
});

const ODD = [
  "nonsense", "null", "[]", "5", '"text"', '{"views":"x"}', '{"views":[null,{"appeal":7}]}', '{"bucket":"seven"}', '{"bucket":-4}', '{"pending":"x"}',
  '{"pending":[null]}', '{"pending":[{}]}', '{"dismissals":[{"appeal":"winter","kind":"shout","at":"soon"}]}', '{"articles":{"week":1}}',
  '{"articles":[{"week":"soon","count":"many"}]}', '{"articles":[{"week":"2026-02-31","count":1}]}', '{"meter":"x"}', '{"meter":{"from":1e300,"used":2}}',
  '{"days":"x"}', '{"days":[null]}', '{"days":[{"day":"2026-02-31","count":2}]}', '{"days":[{"day":"2026-11-24","count":"two"}]}', '{"last":5}', '{"last":"soon"}', '{"hold":"x"}', '{"hold":{"until":9e99,"about":""}}', '{"skew":"x"}', '{"token":{}}',
];
story("whatever stands in the entry, the question is put, and the entry is sound again", {}, async (reader) => {
  fake.strict = true;
  await open(reader, page("index"));
  for (const text of ODD) {
    await reader.page.evaluate((text) => localStorage.setItem("keepopen:journal", text), text);
    fake.heard.length = 0;
    await open(reader, page("regatta"));
    assert.equal(await shown(reader), 1, text);
    await until(() => events("view").length === 1);
    const { views, articles, pending, bucket } = await kept(reader);
    assert.deepEqual([views.length, pending.length], [1, 0], text);
    assert.ok(articles.length <= 1, "an article may be missed, and none is counted twice");
    assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < 1_000_000, text);
  }
});

const YEAR_MS = 365 * 86_400_000;
for (const [name, wrong] of [["slow", -2 * YEAR_MS], ["fast", 2 * YEAR_MS]]) {
  story(`a clock that is two years ${name} does not undo a dismissal, nor does setting it right`, {}, async (reader) => {
    const now = Date.now();
    fake.now = now;
    await reader.page.clock.install({ time: now + wrong });
    await open(reader, page("regatta"));
    await reader.hook("later").click();
    await open(reader, page("eelgrass"));
    const about = () => asked().at(-1).history.dismissals.map(({ kind, at }) => [kind, Math.round(Math.abs(Date.parse(at) - now) / 600_000)]);
    assert.deepEqual(about(), [["later", 0]], "it is told by the service's time");
    await reader.page.clock.setSystemTime(now);
    for (const name of ["ferries", "committee-rooms"]) await open(reader, page(name));
    assert.deepEqual(about(), [["later", 0]]);
  });
}

story("while a payment is on its way, pages neither ask nor look each time, and the console stays empty", {}, async (reader) => {
  const lines = [];
  reader.page.on("console", (line) => lines.push(line.text()));
  await open(reader, page("regatta"));
  await pay(reader, "#pay-bank");
  await reader.hook("note").waitFor();
  fake.heard.length = 0;
  for (const name of ["eelgrass", "ferries", "regatta"]) await open(reader, page(name));
  assert.deepEqual(fake.heard, []);
  await minutesPass(reader, 10);
  await open(reader, page("eelgrass"));
  assert.deepEqual(fake.heard.map(({ path }) => path), ["/v1/tokens"]);
  assert.deepEqual(lines, []);
});

story("a reader who leaves the payment page finds the choice as it was, and reads that nothing was charged", {}, async (reader) => {
  const lines = [];
  reader.page.on("console", (line) => lines.push(line.text()));
  await open(reader, page("regatta"));
  await reader.hook("interval-once").click();
  await reader.hook("other").click();
  await reader.hook("other-amount").fill("12.50");
  await pay(reader, "#cancel");
  assert.equal(await reader.hook("give").textContent(), "Support us with €12.50");
  assert.equal(await reader.hook("message").textContent(), "You haven’t been charged.");
  await reader.page.waitForTimeout(200);
  assert.deepEqual([asked().length, events("view").length], [1, 1], "the same page view goes on");
  assert.equal((await kept(reader)).articles[0].count, 1);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
  assert.equal(fake.of("/v1/checkout").at(-1).body.amount_minor, 1250);
  await open(reader, page("eelgrass"));
  fake.heard.length = 0;
  await open(reader, page("ferries"));
  assert.deepEqual(fake.of("/v1/tokens"), [], "an open payment page is not looked at on every page");
  assert.deepEqual(lines, []);
});

for (const [how, wait] of [["at once", false], ["days later", true]]) {
  story(`a payment that fails ${how} can be tried again with the same choice, as another attempt`, {}, async (reader) => {
    await open(reader, page("regatta"));
    await reader.hook("amount-2000").click();
    await pay(reader, wait ? "#pay-bank" : "#pay-fails");
    if (wait) {
      await open(reader, page("eelgrass"));
      fake.sessions.get("cs_test_1").state = "payment_failed";
      await minutesPass(reader, 10);
      await open(reader, page("eelgrass"));
    }
    assert.equal(await reader.hook("note").textContent(), "Your payment didn’t go through, so you weren’t charged.");
    const before = [asked().length, events("view").length];
    await reader.page.getByRole("button", { name: "Try again" }).press("Enter");
    await reader.hook("heading").getByText("We need your help now").waitFor();
    assert.equal(await reader.hook("give").textContent(), "Support us with €20 a month");
    assert.equal(await reader.hook("give").evaluate((button) => button.getRootNode().activeElement === button), true, "the focus is on the button");
    await reader.page.waitForTimeout(200);
    assert.deepEqual([asked().length, events("view").length], before, "it is the reader's own wish, and no other view");
    await reader.page.keyboard.press("Enter");
    await reader.page.waitForURL("**/pay/cs_test_2");
    const [first, second] = fake.of("/v1/checkout").map(({ body }) => body);
    assert.notEqual(first.attempt, second.attempt);
    assert.equal(second.amount_minor, 2000);
  });
}

story("where a choice could not be kept, a payment that failed offers none", {}, async (reader) => {
  await open(reader, page("index"));
  await reader.page.evaluate(() => localStorage.setItem("keepopen:journal", JSON.stringify({ pending: [{ attempt: "a", session: "cs_test_1", at: Date.now() }] })));
  fake.sessions.set("cs_test_1", { id: "cs_test_1", attempt: "a", state: "payment_failed" });
  await open(reader, page("regatta"));
  assert.equal(await reader.hook("note").textContent(), "Your payment didn’t go through, so you weren’t charged.");
  assert.equal(await reader.hook("again").count(), 0);
});

story("where else to give is known before the service goes away", {}, async (reader) => {
  fake.verdict = { ...fake.verdict, content: { ...fake.verdict.content, choices: { ...fake.verdict.content.choices, fallback_url: "https://journal.example.org/give" } } };
  await open(reader, page("regatta"));
  await reader.page.route("**/v1/checkout", (route) => route.abort());
  await reader.hook("give").click();
  assert.equal(await reader.hook("fallback").getAttribute("href"), "https://journal.example.org/give");
});

story("a gift that the site itself asks for carries what held the reader out", {}, async (reader) => {
  fake.verdict = { show: false, reason: "holdout", attribution: "att_held_out", next_eligible_at: null };
  await open(reader, page("regatta"));
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await open(reader, page("eelgrass"));
  assert.equal(await reader.page.evaluate(() => window.keepopen.attribution()), "att_held_out");
  await reader.page.evaluate(() => window.keepopen.forget());
  assert.equal(await reader.page.evaluate(() => window.keepopen.attribution()), undefined);
});

const TROUBLES = {
  "is down": (reader) => reader.page.route("**/v1/**", (route) => route.abort()),
  "says 500": () => (fake.trouble["/v1/banner"] = { status: 500, body: { code: "internal" } }),
  "says 503 with what it said before": () => (fake.trouble["/v1/banner"] = { status: 503, body: fake.verdict }),
  "says 500 in HTML": () => (fake.trouble["/v1/banner"] = { status: 500, text: "<h1>Bad gateway</h1>", type: "text/html" }),
  "says HTML": () => (fake.trouble["/v1/banner"] = { status: 200, text: "<h1>Sign in to the Wi-Fi</h1>", type: "text/html" }),
  "says HTML and calls it JSON": () => (fake.trouble["/v1/banner"] = { status: 200, text: "<h1>Sign in</h1>", type: "application/json" }),
  "says ten megabytes": () => (fake.trouble["/v1/banner"] = { status: 200, text: JSON.stringify({ ...fake.verdict, values: { x: "y".repeat(10_000_000) } }), type: "application/json" }),
  "says nothing": () => (fake.trouble["/v1/banner"] = "hang"),
  "has no other part of the script": (reader) => reader.page.route("**/embed/**", (route) => route.fulfill({ status: 404, body: "" })),
};
for (const [name, start] of Object.entries(TROUBLES)) {
  story(`a service that ${name} leaves the page alone`, {}, async (reader) => {
    await start(reader);
    await open(reader, page("regatta"));
    await settled(reader);
    assert.equal(await shown(reader), 0);
    assert.match(await reader.page.locator("h1").textContent(), /winter regatta/);
    assert.deepEqual([...fake.files], ["/embed.js"], "and nothing else is fetched in vain");
  });
}
