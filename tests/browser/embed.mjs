// Tests the embed (the script on a newspaper's pages) in a real browser with a fake service. `loop.mjs` tests the embed
// with the real service. This file tests what a reader does, and what the script stores and sends. `README.md` in this
// folder says what the other files test. A question is the request `POST /v1/banner`, which asks the service whether to
// show an appeal.
// Run: node --test tests/browser/embed.mjs
import assert from "node:assert/strict";
import { open, settled } from "./browser.mjs";
import { rewritePage, events, fake, readStored, advanceMinutes, pageUrl, pay, countShown, story, waitUntil } from "./story.mjs";

story("one press of the button leads from an article to the payment page", {}, async (reader) => {
  await open(reader, `${pageUrl("regatta")}?page=2#comments`);
  assert.equal(await reader.hook("give").textContent(), "Support us with €10 a month");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  const [{ type, body }] = fake.requestsTo("/v1/checkout");
  assert.match(body.attempt, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(
    { ...body, attempt: "", type },
    { site: "journal", attempt: "", amount_minor: 1000, currency: "EUR", interval: "month", return_url: `${pageUrl("regatta")}?page=2`, attribution: "att_fake", type: "application/json" },
  );
});

story("a question needs no preflight request and describes the page", {}, async (reader) => {
  await open(reader, pageUrl("skerries"));
  const [{ type, body }] = fake.requestsTo("/v1/banner");
  assert.match(type, /^text\/plain\b/);
  assert.deepEqual(body.surfaces, ["banner", "inline"]);
  assert.deepEqual(body.page, { url: pageUrl("skerries"), section: "local", tags: ["accident", "fishing"], kind: "article", sensitive: true });
  const [{ count, tags }, ...others] = body.history.articles;
  assert.deepEqual([count, tags, others], [1, { accident: 1, fishing: 1 }, []], "the first article must be the only one in the counts");
  assert.deepEqual(body.history, { views: [], dismissals: [], articles: body.history.articles, article_days: [] });
  assert.ok(body.reader.bucket >= 0 && body.reader.bucket < 1_000_000, `the bucket is ${body.reader.bucket}`);
});

story("a question has the counts of articles; other pages are not counted", {}, async (reader) => {
  for (const name of ["skerries", "index", "regatta"]) await open(reader, pageUrl(name));
  const counts = fake.requestsTo("/v1/banner").map(({ body }) => [body.history.articles[0].count, body.history.article_days.map(({ count }) => count)]);
  assert.deepEqual(counts, [[1, []], [1, []], [2, [1]]]);
  assert.equal("free_articles_used" in fake.requestsTo("/v1/banner")[0].body.history, false);
});

story("articles are counted by local day, without the current article", { timezoneId: "Pacific/Auckland" }, async (reader) => {
  // In Auckland, it is already the 29th.
  await reader.page.clock.install({ time: "2026-11-28T11:30:00Z" });
  fake.now = Date.parse("2026-11-28T11:30:00Z");
  for (const name of ["regatta", "eelgrass"]) await open(reader, pageUrl(name));
  fake.now += 86_400_000;
  await reader.page.clock.setSystemTime(fake.now);
  for (const name of ["ferries", "regatta", "regatta"]) await open(reader, pageUrl(name));
  const counts = fake.requestsTo("/v1/banner").map(({ body }) => body.history.article_days.map(({ day, count }) => `${day}: ${count}`).join(", "));
  assert.deepEqual(counts, [
    "",
    "2026-11-29: 1",
    "2026-11-29: 2",
    "2026-11-29: 2, 2026-11-30: 1",
    "2026-11-29: 2, 2026-11-30: 2",
  ]);
});

story("an article count that an older version of the script stored is kept, and is assigned to the day on which the count began", {}, async (reader) => {
  await open(reader, pageUrl("index"));
  const from = Date.now() - 3 * 86_400_000;
  await reader.page.evaluate((from) => localStorage.setItem("keepopen:journal", JSON.stringify({ bucket: 7, articles: [], meter: { from, used: 5, before: 4 } })), from);
  for (const name of ["regatta", "eelgrass"]) await open(reader, pageUrl(name));
  const counts = fake.requestsTo("/v1/banner").map(({ body }) => body.history.article_days.map(({ count }) => count));
  assert.deepEqual(counts, [[], [5], [5, 1]]);
  const { meter, bucket } = await readStored(reader);
  assert.deepEqual([meter, bucket], [undefined, 7]);
});

story("each question has the traits that its own page names", {}, async (reader) => {
  await rewritePage(reader, "regatta", (html) => html.replace("</head>", '<meta name="keepopen:traits" content="print_subscriber, member"></head>'));
  await rewritePage(reader, "eelgrass", (html) => html.replace("data-site=", 'data-traits="staff" data-site='));
  for (const name of ["regatta", "eelgrass", "ferries"]) await open(reader, pageUrl(name));
  assert.deepEqual(fake.requestsTo("/v1/banner").map(({ body }) => body.reader.traits), [["print_subscriber", "member"], ["staff"], undefined]);
});

story("each page reports one view, with the number of this reader's views so far, and the next question contains the view", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await waitUntil(() => events("view").length === 1);
  await open(reader, pageUrl("eelgrass"));
  await waitUntil(() => events("view").length === 2);
  assert.deepEqual(events("view").map(({ ordinal }) => ordinal), [1, 2]);
  const [first, second] = fake.requestsTo("/v1/banner").map(({ body }) => body);
  assert.deepEqual(second.history.views.map(({ appeal, variant }) => [appeal, variant]), [["winter", "a"]]);
  assert.equal(second.reader.bucket, first.reader.bucket);
});

for (const [kind, dismiss] of [
  ["close", (reader) => reader.hook("close").click()],
  ["close", (reader) => reader.page.keyboard.press("Escape")],
  ["later", (reader) => reader.hook("later").click()],
  ["already_gave", (reader) => reader.hook("already").click()],
]) {
  story(`dismissing an appeal (${kind}${dismiss.toString().includes("Escape") ? " by Escape" : ""}) is stored and reported`, {}, async (reader) => {
    await open(reader, pageUrl("regatta"));
    await dismiss(reader);
    assert.equal(await countShown(reader), 0);
    await waitUntil(() => events("dismiss").length === 1);
    assert.equal(events("dismiss")[0].dismissal, kind);
    await open(reader, pageUrl("eelgrass"));
    const { dismissals } = fake.requestsTo("/v1/banner").at(-1).body.history;
    assert.deepEqual(dismissals.map((dismissal) => [dismissal.appeal, dismissal.kind]), [["winter", kind]], "the next question must have the dismissal");
  });
}

story("a reader without a mouse can choose and give", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.page.evaluate(() => document.activeElement?.tagName), "BODY", "the appeal must not take the focus");
  await reader.hook("close").focus();
  await reader.page.keyboard.press("Tab");
  await reader.page.keyboard.press("ArrowRight");
  assert.equal(await reader.hook("give").textContent(), "Support us with €100 a year");
  await reader.page.keyboard.press("Tab");
  await reader.page.keyboard.press("ArrowRight");
  assert.equal(await reader.hook("give").textContent(), "Support us with €200 a year");
  await reader.page.keyboard.press("Enter");
  await reader.page.waitForURL("**/pay/**");
  assert.deepEqual(fake.requestsTo("/v1/checkout")[0].body.amount_minor, 20000);
});

story("a typed amount within the limits is accepted, and a message says why any other amount is not", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await reader.hook("interval-once").click();
  await reader.hook("other").click();
  await reader.page.keyboard.type("ten");
  assert.equal(await reader.hook("other-amount").inputValue(), "ten");
  await reader.hook("give").click();
  assert.equal(await reader.hook("message").textContent(), "Enter an amount, for example €15.");
  await reader.hook("other-amount").fill("0.99");
  await reader.hook("give").click();
  assert.equal(await reader.hook("message").textContent(), "The minimum is €1.");
  await reader.hook("other-amount").fill("10000.01");
  await reader.hook("give").click();
  assert.equal(await reader.hook("message").textContent(), "The maximum is €10,000.");
  assert.equal(fake.requestsTo("/v1/checkout").length, 0);
  await reader.hook("other-amount").fill("12,50");
  assert.equal(await reader.hook("give").textContent(), "Support us with €12.50");
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
  assert.deepEqual([fake.requestsTo("/v1/checkout")[0].body.amount_minor, fake.requestsTo("/v1/checkout")[0].body.interval], [1250, "once"]);
});

story("a double click starts one attempt to pay, a retry repeats that attempt, and another amount starts a new attempt", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  fake.overrides["/v1/checkout"] = { status: 200, body: {} };
  const pressTwice = async () => {
    const before = fake.requestsTo("/v1/checkout").length;
    await reader.hook("give").dblclick();
    await reader.hook("message").getByText("couldn’t open").waitFor();
    return fake.requestsTo("/v1/checkout").slice(before).map(({ body }) => body.attempt);
  };
  const first = await pressTwice();
  assert.equal(first.length, 1);
  assert.deepEqual(await pressTwice(), first);
  await reader.hook("amount-2000").click();
  const other = await pressTwice();
  assert.notDeepEqual(other, first);
});

story("if the payment page cannot be opened, a message says so and offers another way to give", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  fake.overrides["/v1/checkout"] = { status: 503, body: { code: "stripe_unavailable", fallback_url: "https://journal.example/give" } };
  await reader.hook("give").click();
  await reader.hook("fallback").waitFor();
  assert.equal(await reader.hook("fallback").getAttribute("href"), "https://journal.example/give");
  fake.overrides["/v1/checkout"] = { status: 503, body: { fallback_url: "javascript:alert(1)" } };
  await reader.hook("give").click();
  await reader.hook("fallback").waitFor({ state: "detached" });
  fake.overrides["/v1/checkout"] = { status: 429, body: { code: "too_many_requests" } };
  await reader.hook("give").click();
  await reader.hook("message").getByText("Too many attempts").waitFor();
});

story("a reader who paid is thanked once, and the token is sent only in request bodies", {}, async (reader) => {
  await open(reader, `${pageUrl("regatta")}?page=2`);
  const addresses = [];
  reader.page.on("request", (request) => addresses.push(request.url()));
  await pay(reader, "#pay-card");
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
  assert.equal(reader.page.url(), `${pageUrl("regatta")}?page=2`);
  assert.deepEqual((await readStored(reader)).pending, []);
  await reader.page.reload();
  await settled(reader);
  assert.equal(await countShown(reader), 0);
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await countShown(reader), 0);
  assert.equal(fake.requestsTo("/v1/banner").at(-1).body.token, "token_cs_test_1");
  assert.equal(addresses.some((address) => address.includes("token_cs")), false);
  assert.equal(await reader.page.evaluate(() => window.keepopen.standing()), "recurring");
});

story("while a bank debit is being processed, no appeal and no thanks show; later, a note says that the debit failed", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-bank");
  assert.match(await reader.hook("note").textContent(), /being processed/);
  const questionCount = fake.requestsTo("/v1/banner").length;
  await open(reader, pageUrl("eelgrass"));
  assert.equal((await countShown(reader)) + (await reader.hook("note").count()), 0);
  assert.equal(fake.requestsTo("/v1/banner").length, questionCount);
  fake.sessions.get("cs_test_1").state = "payment_failed";
  await advanceMinutes(reader, 10);
  await open(reader, pageUrl("eelgrass"));
  assert.match(await reader.hook("note").textContent(), /didn’t go through, so you weren’t charged/);
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.hook("heading").textContent(), "We need your help now");
});

story("after a bank debit succeeds, a later page shows the thanks", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-bank");
  fake.sessions.get("cs_test_1").state = "paid";
  await advanceMinutes(reader, 10);
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
});

story("a reader who leaves the payment page sees the appeal again, and can still pay there later", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#cancel");
  assert.equal(await reader.hook("heading").textContent(), "We need your help now");
  await reader.hook("amount-2000").click();
  await pay(reader, "#cancel");
  await open(reader, `${fake.url}/pay/cs_test_1`);
  await reader.page.click("#pay-card");
  await settled(reader);
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
});

story("the id of a session that this browser did not start is removed from the address, and the page shows no appeal", {}, async (reader) => {
  await open(reader, `${pageUrl("regatta")}?keepopen_session=cs_test_9`);
  assert.equal(reader.page.url(), pageUrl("regatta"));
  assert.equal(fake.requests.length, 0);
  await open(reader, pageUrl("regatta"));
  assert.equal(await countShown(reader), 1);
});

story("a token that the service revoked is deleted, and the script sends a new question at once", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-card");
  fake.tokens.set("token_cs_test_1", "token_superseded");
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.hook("heading").textContent(), "We need your help now");
  assert.equal((await readStored(reader)).token, undefined);
});

story("an expired token is kept, and the reader with this token sees neither an appeal nor thanks", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-card");
  fake.tokens.set("token_cs_test_1", "token_expired");
  await open(reader, pageUrl("eelgrass"));
  await open(reader, pageUrl("ferries"));
  assert.equal(await countShown(reader), 0);
  assert.equal((await readStored(reader)).token, "token_cs_test_1");
  assert.equal(fake.requestsTo("/v1/supporter").length, 0, "the script must not check the token, because the verdict says that it has expired");
});

story("without consent, the script deletes the stored history, stores nothing new and sends no history", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await waitUntil(() => events("view").length === 1);
  await rewritePage(reader, "eelgrass", (html) => html.replace("data-site=", 'data-consent="denied" data-site='));
  await open(reader, pageUrl("eelgrass"));
  const { body } = fake.requestsTo("/v1/banner").at(-1);
  assert.deepEqual([body.history, body.reader.bucket, body.reader.consent], [undefined, undefined, "denied"]);
  await reader.hook("later").click();
  await open(reader, pageUrl("eelgrass"));
  await pay(reader, "#cancel");
  const remaining = await readStored(reader);
  assert.deepEqual(remaining, { pending: [] });
});

story("the article works as usual if the service fails, sends a malformed verdict or does not respond", {}, async (reader) => {
  for (const override of [{ status: 503, body: {} }, { status: 200, body: { show: true } }, { status: 200, body: undefined }, "hang"]) {
    fake.overrides["/v1/banner"] = override;
    await open(reader, pageUrl("regatta"));
    assert.equal(await countShown(reader), 0);
    assert.match(await reader.page.locator("h1").textContent(), /winter regatta/);
  }
});

story("if a payment succeeds, a sensitive page does not show the thanks, but the next page does", {}, async (reader) => {
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-bank");
  fake.sessions.get("cs_test_1").state = "paid";
  await advanceMinutes(reader, 10);
  await open(reader, pageUrl("skerries"));
  assert.equal(await reader.page.locator("keepopen-appeal [data-test^=panel-]").count(), 0);
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.hook("heading").textContent(), "Thank you");
});

story("on the same page, the script sends no new question until the time that the service named, but waits at most an hour", {}, async (reader) => {
  const later = new Date(Date.now() + 3 * 3_600_000).toISOString();
  fake.verdict = { show: false, reason: "frequency_cap", next_eligible_at: later };
  await open(reader, pageUrl("regatta"));
  await open(reader, pageUrl("regatta"));
  assert.equal(fake.requestsTo("/v1/banner").length, 1);
  await open(reader, pageUrl("eelgrass"));
  assert.equal(fake.requestsTo("/v1/banner").length, 2, "the script must send a question on another page, because that page may have another appeal");
  await reader.page.clock.install({ time: Date.now() + 3_600_001 });
  await open(reader, pageUrl("regatta"));
  assert.equal(fake.requestsTo("/v1/banner").length, 3, "the script must wait at most an hour, so that the reader can see a new appeal");
});

story("on a page from the back-forward cache, the button works, and the script finds out about a gift made in the meantime", {}, async (reader) => {
  const restore = () => reader.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await open(reader, pageUrl("regatta"));
  await reader.page.route("**/pay/**", (route) => route.fulfill({ status: 204 })); // after a 204, the browser stays on the page
  await reader.hook("give").click();
  await reader.hook("give").getByText("Opening").waitFor();
  await waitUntil(() => fake.sessions.size === 1);
  await reader.page.waitForFunction(() => localStorage.getItem("keepopen:journal").includes("cs_test_1"));
  await restore();
  await reader.hook("give").getByText("Support us with €10 a month").waitFor();
  await settled(reader);
  assert.equal(await reader.hook("heading").textContent(), "We need your help now");
  fake.sessions.get("cs_test_1").state = "paid";
  await restore();
  await reader.hook("heading").getByText("Thank you").waitFor();
});

story("in a browser that stores nothing, the appeal still shows and leads to the payment page", {}, async (reader) => {
  await reader.page.addInitScript(() => {
    for (const name of ["getItem", "setItem", "removeItem"]) {
      Storage.prototype[name] = () => {
        throw new DOMException("blocked", "SecurityError");
      };
    }
  });
  await open(reader, pageUrl("regatta"));
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/**");
});
