// Tests the embed (the script on a newspaper's pages) on all kinds of sites: with their own styles, content security
// policies, routers and frames. On each page, the script must ask the service once and count one view, nothing on the
// page may move, and the console must stay empty. The pages have another origin than the service.
// Run: node --test tests/browser/hosts.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { open, settled } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { events, fake, countShown, story, waitUntil } from "./story.mjs";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const readLibrary = (name) => readFile(require.resolve(name), "utf8");

const PARAGRAPHS = "<p>The harbour opens after two years of work.</p>".repeat(30);
const tag = (more = "") => `<script async src="${fake.url}/embed.js" data-site="journal"${more}></script>`;
const meta = (name, content) => `<meta property="${name}" content="${content}">`;
const ARTICLE = meta("og:type", "article");

/** Defines a page of the newspaper, which has another origin than the service. Returns the page's address. */
function addPage(path, { head = ARTICLE, body = PARAGRAPHS, script = tag(), headers = {}, title = path, lang = "en" } = {}) {
  const text = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title>${head}${script}</head><body>${body}</body></html>`;
  fake.pages.set(`/host/${path}`, { headers: { "content-type": "text/html; charset=utf-8", ...headers }, body: text });
  return `${fake.elsewhere}/host/${path}`;
}

/** Serves a file of the newspaper at `/host/` and this path. */
const serve = (path, body, type = "text/javascript") => fake.pages.set(`/host/${path}`, { headers: { "content-type": type }, body });

/** Records the page's layout shifts and its console lines from now on. */
async function recordShiftsAndLines(reader) {
  reader.lines = [];
  reader.page.on("console", (line) => line.type() !== "debug" && reader.lines.push(line.text()));
  await reader.page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
  });
}

/** Defines a test about a newspaper's page. The console must stay empty, unless `quiet` is false. */
const hostStory = (name, run, { quiet = true, ...options } = {}) =>
  story(name, options, async (reader) => {
    await recordShiftsAndLines(reader);
    await run(reader);
    if (quiet) assert.deepEqual(reader.lines, [], "the console must stay empty");
  });

/** The bodies of the questions (`POST /v1/banner`: show an appeal?) that the script has sent. */
const questions = () => fake.requestsTo("/v1/banner").map(({ body }) => body);
/** How many views of an appeal the script has reported. */
const views = () => events("view").length;
/**
 * Waits until the script has asked this number of questions and reported this number of views. Checks that no more
 * follow.
 */
async function expectCounts(reader, asked, seen = asked) {
  await waitUntil(() => questions().length >= asked && views() >= seen);
  await settled(reader);
  await reader.page.waitForTimeout(100);
  assert.deepEqual([questions().length, views()], [asked, seen], "the numbers of questions and of views must be as expected");
}
/** The page's layout shift so far: 0 if nothing on the page has moved. */
const layoutShift = (reader) => reader.page.evaluate(() => window.shift);
/** The names of the script's files that were fetched, except its first file, the loader. */
const fetchedParts = () => [...fake.files].filter((path) => path.startsWith("/embed/")).map((path) => path.replace(/^.*\//, ""));

hostStory("on a plain page, the script asks once and counts one view, and nothing moves", async (reader) => {
  await open(reader, addPage("plain"));
  await expectCounts(reader, 1);
  assert.equal(await countShown(reader), 1);
  assert.equal(await layoutShift(reader), 0);
  assert.deepEqual(fetchedParts().sort(), ["follow.js", "show.js"]);
});

hostStory("if no appeal shows, only the loader (the script's first file) is fetched", async (reader) => {
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await open(reader, addPage("silent"));
  await expectCounts(reader, 1, 0);
  assert.deepEqual(fetchedParts(), []);
});

hostStory("of the language files, only the one for the appeal's language is fetched", async (reader) => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "fr" } };
  await open(reader, addPage("french", { lang: "fr" }));
  assert.equal(await reader.hook("already").textContent(), "Je vous soutiens déjà");
  assert.ok(fetchedParts().includes("fr.js") && !fetchedParts().includes("de.js"), `the fetched files are ${fetchedParts()}`);
});

hostStory("a page's styles that hide and colour everything don't affect the appeal", async (reader) => {
  const css = "section, div, p, h2, button, form, fieldset, label { display: none !important; color: lime !important; font-size: 1px !important } * { letter-spacing: 9px !important; line-height: 4 !important; text-transform: uppercase; word-spacing: 2em; font-style: italic; visibility: visible }";
  await open(reader, addPage("hostile", { head: `${ARTICLE}<style>${css}</style>` }));
  await expectCounts(reader, 1);
  assert.equal(await reader.hook("give").isVisible(), true);
  const looks = await reader.hook("heading").evaluate((heading) => {
    const { fontSize, letterSpacing, textTransform, wordSpacing, fontStyle, lineHeight } = getComputedStyle(heading);
    return [parseFloat(fontSize) > 18, letterSpacing, textTransform, wordSpacing, fontStyle, parseFloat(lineHeight) < 2 * parseFloat(fontSize)];
  });
  assert.deepEqual(looks, [true, "normal", "none", "0px", "normal", true]);
  await reader.hook("later").click();
  await reader.hook("say").getByText(/./).waitFor();
  assert.equal(await reader.hook("say").evaluate((say) => getComputedStyle(say).letterSpacing), "normal");
});

const POLICIES = {
  "the service's origin and Trusted Types": () =>
    `default-src 'none'; script-src ${fake.url}; connect-src ${fake.url}; require-trusted-types-for 'script'; trusted-types 'none'`,
  "a nonce with strict-dynamic": () => `default-src 'none'; script-src 'nonce-r4nd0m' 'strict-dynamic'; connect-src ${fake.url}; require-trusted-types-for 'script'`,
};
for (const [name, policy] of Object.entries(POLICIES)) {
  hostStory(`a content security policy with ${name} allows an appeal in German and a gift`, async (reader) => {
    fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "de" } };
    await open(reader, addPage("strict", { headers: { "content-security-policy": policy() }, script: tag(' nonce="r4nd0m"') }));
    await expectCounts(reader, 1);
    assert.equal(await reader.hook("already").textContent(), "Ich unterstütze Sie schon");
    assert.equal(await reader.hook("panel-ask").evaluate((panel) => getComputedStyle(panel).position), "fixed");
    await reader.hook("give").click();
    await reader.page.locator("#pay-card").click();
    await reader.hook("heading").getByText("Thank you").waitFor();
  });
}

hostStory("two or more script tags work like one", async (reader) => {
  await open(reader, addPage("twice", { script: tag() + tag(), body: PARAGRAPHS + tag() }));
  await expectCounts(reader, 1);
});

hostStory("a script tag that the page adds later works", async (reader) => {
  await open(reader, addPage("late", { script: "" }));
  await reader.page.evaluate((src) => {
    const script = document.createElement("script");
    script.dataset.site = "journal";
    script.src = src;
    document.head.append(script);
  }, `${fake.url}/embed.js`);
  await expectCounts(reader, 1);
});

hostStory("the script works on a page with an element whose id is keepopen", async (reader) => {
  await open(reader, addPage("named", { body: `<a id="keepopen"></a>${PARAGRAPHS}` }));
  await expectCounts(reader, 1);
});

hostStory("on a prerendered page, the script asks only when the reader sees the page", async (reader) => {
  await reader.page.addInitScript(() => {
    let prerendering = true;
    Object.defineProperty(Document.prototype, "prerendering", { get: () => prerendering });
    window.activate = () => {
      prerendering = false;
      document.dispatchEvent(new Event("prerenderingchange"));
    };
  });
  await open(reader, addPage("prerendered"));
  assert.equal(questions().length, 0);
  await reader.page.evaluate(() => window.activate());
  await expectCounts(reader, 1);
});

hostStory("on a page from the back-forward cache, the script doesn't ask again", async (reader) => {
  await open(reader, addPage("kept"));
  await expectCounts(reader, 1);
  await reader.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await expectCounts(reader, 1);
});

hostStory("a reload and the back button don't count as another article", async (reader) => {
  const steps = [() => open(reader, addPage("first")), () => reader.page.reload(), () => open(reader, addPage("second")), () => reader.page.goBack()];
  for (const [index, step] of steps.entries()) {
    await step();
    await expectCounts(reader, index + 1);
  }
  const counts = questions().map(({ history: { articles, article_days: days } }) => [articles[0].count, days[0]?.count ?? 0]);
  assert.deepEqual(counts, [[1, 0], [1, 0], [2, 1], [2, 1]], "the counts by day must not include the current article");
});

// Single-page sites: a script changes the page without loading a new document.

/**
 * Defines a newspaper of two pages that a script swaps. `swapCode` is the body of that script; it can use `next` (the
 * new document) and `path`. Returns the address of the first page.
 */
function twoPageSite(swapCode, { first = "", second = "" } = {}) {
  const script = `<script>window.go = async (path) => { const text = await (await fetch(path)).text(); const next = new DOMParser().parseFromString(text, "text/html"); ${swapCode} }</script>`;
  const start = addPage("one", { head: ARTICLE + meta("article:section", "harbour") + first + script, title: "One" });
  addPage("two", { head: ARTICLE + meta("article:section", "sport") + second + script, title: "Two", body: `<p id="second">Two.</p>${PARAGRAPHS}` });
  return start;
}
const SWAP_META = `document.title = next.title; document.querySelectorAll("meta[property], meta[name]").forEach((tag) => tag.remove()); document.head.append(...next.querySelectorAll("meta[property], meta[name]"));`;
const PUSH = `history.pushState({}, "", path);`;
/** How routers show another page: the `swapCode` (see `twoPageSite`) of each kind of router. */
const ROUTERS = {
  "pushState before the new page is in place": PUSH + `await new Promise((done) => setTimeout(done, 100));` + SWAP_META + `document.body.innerHTML = next.body.innerHTML;`,
  "pushState after the new page is in place": SWAP_META + `document.body.innerHTML = next.body.innerHTML;` + PUSH,
  "a new body": `document.body = next.body;` + SWAP_META + PUSH,
  "a new body with the same address": `document.body = next.body;` + SWAP_META,
};
for (const [name, swapCode] of Object.entries(ROUTERS)) {
  hostStory(`${name}: the script asks once about each page, with that page's meta tags`, async (reader) => {
    await open(reader, twoPageSite(swapCode));
    await expectCounts(reader, 1);
    await reader.page.evaluate(() => window.go("/host/two"));
    await expectCounts(reader, 2);
    assert.equal(await countShown(reader), 1);
    const [one, two] = questions();
    assert.deepEqual([one.page.section, two.page.section], ["harbour", "sport"]);
    assert.equal(two.history.views.length, 1);
    if (swapCode.includes("pushState")) assert.deepEqual([two.page.url, two.history.articles[0].count], [`${fake.elsewhere}/host/two`, 2]);
  });

  hostStory(`${name}: an appeal is removed on a sensitive page`, async (reader) => {
    await open(reader, twoPageSite(swapCode, { second: `<meta name="keepopen:sensitive" content="true">` }));
    await expectCounts(reader, 1);
    fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
    await reader.page.evaluate(() => window.go("/host/two"));
    await expectCounts(reader, 2, 1);
    assert.equal(await countShown(reader), 0);
    assert.equal(questions()[1].page.sensitive, true);
  });
}

// While no appeal shows, only the loader (the first file of the script) can notice a new page.
const NO_APPEAL = { show: false, reason: "not_targeted", next_eligible_at: null };
for (const [name, swapCode] of Object.entries(ROUTERS)) {
  hostStory(`${name}: even if the first page shows no appeal, the script asks about the second page`, async (reader) => {
    fake.verdict = NO_APPEAL;
    await open(reader, twoPageSite(swapCode));
    await expectCounts(reader, 1, 0);
    fake.verdict = APPEAL;
    await reader.page.evaluate(() => window.go("/host/two"));
    await expectCounts(reader, 2, 1);
    assert.deepEqual(questions().map(({ page }) => page.section), ["harbour", "sport"]);
    assert.equal(await countShown(reader), 1);
  });
}

hostStory("when the reader goes back to a page without an appeal, the script asks about that page again, but does not count it again", async (reader) => {
  fake.verdict = NO_APPEAL;
  await open(reader, twoPageSite(PUSH + SWAP_META));
  await expectCounts(reader, 1, 0);
  await reader.page.evaluate(() => window.go("/host/two"));
  await expectCounts(reader, 2, 0);
  await reader.page.evaluate(() => history.back());
  await expectCounts(reader, 3, 0);
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hostStory("when the reader goes back from a reloaded page, the script asks about the earlier page", async (reader) => {
  fake.verdict = NO_APPEAL;
  await open(reader, twoPageSite(PUSH));
  await expectCounts(reader, 1, 0);
  await reader.page.evaluate(() => window.go("/host/two"));
  await expectCounts(reader, 2, 0);
  await reader.page.reload();
  await expectCounts(reader, 3, 0);
  await reader.page.evaluate(() => history.back());
  await expectCounts(reader, 4, 0);
  assert.deepEqual(questions().map(({ page }) => page.url.slice(-3)), ["one", "two", "two", "one"]);
});

hostStory("when the reader goes back on a site that uses pushState, the script asks about the page again, but does not count it again", async (reader) => {
  await open(reader, twoPageSite(PUSH + SWAP_META) + "?from=letter");
  await expectCounts(reader, 1);
  await reader.page.evaluate(() => window.go("/host/two"));
  await expectCounts(reader, 2);
  await reader.page.evaluate(() => history.back());
  await expectCounts(reader, 3);
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hostStory("a removed query, a fragment, a new element and a new title don't count as a new page", async (reader) => {
  await open(reader, `${addPage("cleaned")}?utm_source=letter`);
  await expectCounts(reader, 1);
  await reader.page.evaluate(async () => {
    history.replaceState({}, "", location.pathname);
    location.hash = "comments";
    document.body.append(document.createElement("aside"));
    document.head.append(document.createElement("style"));
    document.title = "(1) News";
    await new Promise((done) => setTimeout(done, 500));
  });
  await expectCounts(reader, 1);
  assert.equal(await countShown(reader), 1);
});

hostStory("an appeal is removed from a page that becomes sensitive", async (reader) => {
  await open(reader, addPage("turning"));
  await expectCounts(reader, 1);
  fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
  await reader.page.evaluate(() => document.head.insertAdjacentHTML("beforeend", `<meta name="keepopen:sensitive" content="true">`));
  await expectCounts(reader, 2, 1);
  assert.equal(await countShown(reader), 0);
});

hostStory("keepopen.page() makes the script ask again, even if neither the address nor a meta tag has changed", async (reader) => {
  await open(reader, addPage("again"));
  await expectCounts(reader, 1);
  await reader.page.evaluate(() => window.keepopen.page());
  await expectCounts(reader, 2);
  assert.equal(await countShown(reader), 1);
});

hostStory("a verdict that arrives after the reader has moved to another page is not shown", async (reader) => {
  let release;
  fake.hold = new Promise((done) => (release = done));
  // Don't wait until all requests have ended: the delayed question would time out in the meantime.
  await reader.page.goto(twoPageSite(PUSH + SWAP_META + `document.body.innerHTML = next.body.innerHTML;`), { waitUntil: "load" });
  await waitUntil(() => questions().length === 1);
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await reader.page.evaluate(() => window.go("/host/two"));
  // Once this file is fetched, the script has noticed the new page and waits until the page is complete.
  await waitUntil(() => fetchedParts().includes("follow.js"));
  await reader.page.waitForTimeout(100);
  release();
  fake.hold = undefined;
  await expectCounts(reader, 2, 0);
  assert.equal(await countShown(reader), 0);
});

hostStory("while a page is marked as busy, the script sends no question about it", async (reader) => {
  fake.verdict = NO_APPEAL;
  await open(reader, twoPageSite(PUSH));
  await expectCounts(reader, 1, 0);
  fake.verdict = APPEAL;
  await reader.page.evaluate(() => {
    document.documentElement.setAttribute("aria-busy", "true");
    return window.go("/host/two");
  });
  await reader.page.waitForTimeout(800);
  assert.equal(questions().length, 1);
  await reader.page.evaluate((section) => {
    document.head.insertAdjacentHTML("beforeend", section);
    document.querySelector('meta[property="article:section"]').remove();
    document.documentElement.removeAttribute("aria-busy");
  }, meta("article:section", "sport"));
  await expectCounts(reader, 2, 1);
  assert.equal(questions()[1].page.section, "sport");
});

hostStory("Turbo: each visit counts as one page, also when the reader goes back", async (reader) => {
  serve("turbo.js", await readLibrary("@hotwired/turbo/dist/turbo.es2017-umd.js"));
  const head = (section) => ARTICLE + meta("article:section", section) + `<script src="/host/turbo.js"></script>`;
  const start = addPage("one", { head: head("harbour"), body: `<a id="next" href="/host/two">Two</a>${PARAGRAPHS}` });
  addPage("two", { head: head("sport"), body: `<p id="second">Two.</p>${PARAGRAPHS}` });
  await open(reader, start);
  await expectCounts(reader, 1);
  await reader.page.click("#next");
  await reader.page.waitForSelector("#second");
  await expectCounts(reader, 2);
  assert.deepEqual(questions().map(({ page }) => page.section), ["harbour", "sport"]);
  assert.equal(await countShown(reader), 1);
  await reader.page.goBack();
  await reader.page.waitForSelector("#next");
  await expectCounts(reader, 3);
  assert.equal(await reader.page.locator("keepopen-appeal").count(), 1, "the script must use the element in Turbo's snapshot again");
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hostStory("htmx: a boosted link counts as one page, and an element in the new body marks that page as sensitive", async (reader) => {
  serve("htmx.js", await readLibrary("htmx.org/dist/htmx.min.js"));
  const script = `<script src="/host/htmx.js"></script>`;
  const body = (more) => `<div hx-boost="true"><a id="next" href="/host/two">Two</a></div>${more}${PARAGRAPHS}`;
  const start = addPage("one", { head: ARTICLE + script, body: body("") });
  addPage("two", { head: ARTICLE + script, body: body(`<p id="second">Two.</p><keepopen-appeal surface="inline" data-sensitive="true"></keepopen-appeal>`) });
  await open(reader, start);
  await expectCounts(reader, 1);
  fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
  await reader.page.click("#next");
  await reader.page.waitForSelector("#second");
  await expectCounts(reader, 2, 1);
  assert.equal(await countShown(reader), 0);
  assert.equal(questions()[1].page.sensitive, true);
});

// Frames.

for (const [name, origin] of [["of the same origin", () => fake.elsewhere], ["of another origin", () => fake.url]]) {
  hostStory(`in a frame ${name}, the payment page opens in the top window, and the thanks show on return`, async (reader) => {
    const inner = addPage("inner");
    const outer = `${origin()}${new URL(addPage("outer", { script: "", body: `<iframe id="frame" src="${inner}" width="900" height="700"></iframe>` })).pathname}`;
    await open(reader, outer);
    const frame = reader.page.frameLocator("#frame");
    await frame.locator('[data-test="give"]').click();
    await reader.page.waitForURL("**/pay/cs_test_1");
    // If the frame and the page around it have different origins, the browser may give the frame separate storage. In
    // that case, the return URL must have the attempt's id.
    assert.equal(fake.requestsTo("/v1/checkout")[0].body.return_url.includes("#keepopen_attempt="), name.includes("another"));
    await reader.page.click("#pay-card");
    const shownIn = name.includes("same") ? reader.page.frameLocator("#frame") : reader.page;
    await shownIn.locator('[data-test="heading"]').getByText("Thank you").waitFor();
  });
}
