// The embed on pages of every make: other sites' styles, policies, routers, frames and storage, and a service in every kind of trouble. Each page gets one
// question and one view, moves nothing, and its console stays empty. The page is of another origin than the service.
// Run: node --test tests/browser/hosts.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { open, settled } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { events, fake, shown, story, until } from "./story.mjs";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const library = (name) => readFile(require.resolve(name), "utf8");

const PARAGRAPHS = "<p>The harbour opens after two years of work.</p>".repeat(30);
const tag = (more = "") => `<script async src="${fake.url}/embed.js" data-site="journal"${more}></script>`;
const meta = (name, content) => `<meta property="${name}" content="${content}">`;
const ARTICLE = meta("og:type", "article");

/** A page at the origin of a newspaper; the answer is its address. */
function host(path, { head = ARTICLE, body = PARAGRAPHS, script = tag(), headers = {}, title = path, lang = "en" } = {}) {
  const text = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title>${head}${script}</head><body>${body}</body></html>`;
  fake.pages.set(`/host/${path}`, { headers: { "content-type": "text/html; charset=utf-8", ...headers }, body: text });
  return `${fake.elsewhere}/host/${path}`;
}

const serve = (path, body, type = "text/javascript") => fake.pages.set(`/host/${path}`, { headers: { "content-type": type }, body });

/** What readers see of a page beside its text: where it jumps, and every line on its console. */
async function watched(reader) {
  reader.lines = [];
  reader.page.on("console", (line) => line.type() !== "debug" && reader.lines.push(line.text()));
  await reader.page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
  });
}

/** A story about a host page, whose console must stay empty but for the lines that `quiet: false` lets through. */
const hosted = (name, tell, { quiet = true, ...options } = {}) =>
  story(name, options, async (reader) => {
    await watched(reader);
    await tell(reader);
    if (quiet) assert.deepEqual(reader.lines, [], "lines on the console");
  });

const questions = () => fake.of("/v1/banner").map(({ body }) => body);
const views = () => events("view").length;
/** So many questions were put and views counted, and no more come. */
async function counts(reader, asked, seen = asked) {
  await until(() => questions().length >= asked && views() >= seen);
  await settled(reader);
  await reader.page.waitForTimeout(100);
  assert.deepEqual([questions().length, views()], [asked, seen], "questions and views");
}
const shift = (reader) => reader.page.evaluate(() => window.shift);
const parts = () => [...fake.files].filter((path) => path.startsWith("/embed/")).map((path) => path.replace(/^.*\//, ""));

hosted("a plain page gets one question and one view, and nothing of it moves", async (reader) => {
  await open(reader, host("plain"));
  await counts(reader, 1);
  assert.equal(await shown(reader), 1);
  assert.equal(await shift(reader), 0);
  assert.deepEqual(parts().sort(), ["follow.js", "show.js"]);
});

hosted("where nothing shows, only the loader is fetched", async (reader) => {
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await open(reader, host("silent"));
  await counts(reader, 1, 0);
  assert.deepEqual(parts(), []);
});

hosted("another language is fetched with the appeal, and falls back to English", async (reader) => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "fr" } };
  await open(reader, host("french", { lang: "fr" }));
  assert.equal(await reader.hook("already").textContent(), "Je vous soutiens déjà");
  assert.ok(parts().includes("fr.js") && !parts().includes("de.js"));
});

hosted("styles of the page that hide and colour everything don't reach inside", async (reader) => {
  const css = "section, div, p, h2, button, form, fieldset, label { display: none !important; color: lime !important; font-size: 1px !important } * { letter-spacing: 9px !important; line-height: 4 !important; text-transform: uppercase; word-spacing: 2em; font-style: italic; visibility: visible }";
  await open(reader, host("hostile", { head: `${ARTICLE}<style>${css}</style>` }));
  await counts(reader, 1);
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
  hosted(`a page's policy of ${name} is enough for an appeal in German and for a gift`, async (reader) => {
    fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "de" } };
    await open(reader, host("strict", { headers: { "content-security-policy": policy() }, script: tag(' nonce="r4nd0m"') }));
    await counts(reader, 1);
    assert.equal(await reader.hook("already").textContent(), "Ich unterstütze Sie schon");
    assert.equal(await reader.hook("panel-ask").evaluate((panel) => getComputedStyle(panel).position), "fixed");
    await reader.hook("give").click();
    await reader.page.locator("#pay-card").click();
    await reader.hook("heading").getByText("Thank you").waitFor();
  });
}

hosted("two tags are one", async (reader) => {
  await open(reader, host("twice", { script: tag() + tag(), body: PARAGRAPHS + tag() }));
  await counts(reader, 1);
});

hosted("a tag that comes late works", async (reader) => {
  await open(reader, host("late", { script: "" }));
  await reader.page.evaluate((src) => {
    const script = document.createElement("script");
    script.dataset.site = "journal";
    script.src = src;
    document.head.append(script);
  }, `${fake.url}/embed.js`);
  await counts(reader, 1);
});

hosted("an element of the page that is called keepopen is not in the way", async (reader) => {
  await open(reader, host("named", { body: `<a id="keepopen"></a>${PARAGRAPHS}` }));
  await counts(reader, 1);
});

hosted("a page that is prerendered asks when it is seen", async (reader) => {
  await reader.page.addInitScript(() => {
    let prerendering = true;
    Object.defineProperty(Document.prototype, "prerendering", { get: () => prerendering });
    window.activate = () => {
      prerendering = false;
      document.dispatchEvent(new Event("prerenderingchange"));
    };
  });
  await open(reader, host("prerendered"));
  assert.equal(questions().length, 0);
  await reader.page.evaluate(() => window.activate());
  await counts(reader, 1);
});

hosted("a page that comes out of the browser's back-forward store asks no second time", async (reader) => {
  await open(reader, host("kept"));
  await counts(reader, 1);
  await reader.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await counts(reader, 1);
});

hosted("a reload and the way back are not another article", async (reader) => {
  const go = [() => open(reader, host("first")), () => reader.page.reload(), () => open(reader, host("second")), () => reader.page.goBack()];
  for (const [place, step] of go.entries()) {
    await step();
    await counts(reader, place + 1);
  }
  const read = questions().map(({ history: { articles, article_days: days } }) => [articles[0].count, days[0]?.count ?? 0]);
  assert.deepEqual(read, [[1, 0], [1, 0], [2, 1], [2, 1]], "and the article that shows is none of those read before");
});

// Pages that a script puts together.

/** A small newspaper whose pages a script swaps in; `how` is the script's body, with `next` the page's document and `path`. */
function newspaper(how, { first = "", second = "" } = {}) {
  const script = `<script>window.go = async (path) => { const text = await (await fetch(path)).text(); const next = new DOMParser().parseFromString(text, "text/html"); ${how} }</script>`;
  const start = host("one", { head: ARTICLE + meta("article:section", "harbour") + first + script, title: "One" });
  host("two", { head: ARTICLE + meta("article:section", "sport") + second + script, title: "Two", body: `<p id="second">Two.</p>${PARAGRAPHS}` });
  return start;
}
const SWAP_META = `document.title = next.title; document.querySelectorAll("meta[property], meta[name]").forEach((tag) => tag.remove()); document.head.append(...next.querySelectorAll("meta[property], meta[name]"));`;
const PUSH = `history.pushState({}, "", path);`;
const ROUTERS = {
  "pushState before the page is there": PUSH + `await new Promise((done) => setTimeout(done, 100));` + SWAP_META + `document.body.innerHTML = next.body.innerHTML;`,
  "pushState after the page is there": SWAP_META + `document.body.innerHTML = next.body.innerHTML;` + PUSH,
  "a body in the place of the other": `document.body = next.body;` + SWAP_META + PUSH,
  "a body in the place of the other, and the address as it was": `document.body = next.body;` + SWAP_META,
};
for (const [name, how] of Object.entries(ROUTERS)) {
  hosted(`${name}: each page is asked for once, with what it says of itself`, async (reader) => {
    await open(reader, newspaper(how));
    await counts(reader, 1);
    await reader.page.evaluate(() => window.go("/host/two"));
    await counts(reader, 2);
    assert.equal(await shown(reader), 1);
    const [one, two] = questions();
    assert.deepEqual([one.page.section, two.page.section], ["harbour", "sport"]);
    assert.equal(two.history.views.length, 1);
    if (how.includes("pushState")) assert.deepEqual([two.page.url, two.history.articles[0].count], [`${fake.elsewhere}/host/two`, 2]);
  });

  hosted(`${name}: an appeal does not stay on a page that is sensitive`, async (reader) => {
    await open(reader, newspaper(how, { second: `<meta name="keepopen:sensitive" content="true">` }));
    await counts(reader, 1);
    fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
    await reader.page.evaluate(() => window.go("/host/two"));
    await counts(reader, 2, 1);
    assert.equal(await shown(reader), 0);
    assert.equal(questions()[1].page.sensitive, true);
  });
}

// While no appeal stands on the page, the loader alone notices that the page has become another.
const SILENT = { show: false, reason: "not_targeted", next_eligible_at: null };
for (const [name, how] of Object.entries(ROUTERS)) {
  hosted(`${name}: a page after one without an appeal is asked for too`, async (reader) => {
    fake.verdict = SILENT;
    await open(reader, newspaper(how));
    await counts(reader, 1, 0);
    fake.verdict = APPEAL;
    await reader.page.evaluate(() => window.go("/host/two"));
    await counts(reader, 2, 1);
    assert.deepEqual(questions().map(({ page }) => page.section), ["harbour", "sport"]);
    assert.equal(await shown(reader), 1);
  });
}

hosted("the way back among pages without an appeal asks for each, and counts no article", async (reader) => {
  fake.verdict = SILENT;
  await open(reader, newspaper(PUSH + SWAP_META));
  await counts(reader, 1, 0);
  await reader.page.evaluate(() => window.go("/host/two"));
  await counts(reader, 2, 0);
  await reader.page.evaluate(() => history.back());
  await counts(reader, 3, 0);
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hosted("the way back over a page that was loaded anew asks for the page before it", async (reader) => {
  fake.verdict = SILENT;
  await open(reader, newspaper(PUSH));
  await counts(reader, 1, 0);
  await reader.page.evaluate(() => window.go("/host/two"));
  await counts(reader, 2, 0);
  await reader.page.reload();
  await counts(reader, 3, 0);
  await reader.page.evaluate(() => history.back());
  await counts(reader, 4, 0);
  assert.deepEqual(questions().map(({ page }) => page.url.slice(-3)), ["one", "two", "two", "one"]);
});

hosted("the way back within the page asks for that page, and counts no article", async (reader) => {
  await open(reader, newspaper(PUSH + SWAP_META) + "?from=letter");
  await counts(reader, 1);
  await reader.page.evaluate(() => window.go("/host/two"));
  await counts(reader, 2);
  await reader.page.evaluate(() => history.back());
  await counts(reader, 3);
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hosted("a query that is cleaned away, a fragment and an element in the body make no other page", async (reader) => {
  await open(reader, `${host("cleaned")}?utm_source=letter`);
  await counts(reader, 1);
  await reader.page.evaluate(async () => {
    history.replaceState({}, "", location.pathname);
    location.hash = "comments";
    document.body.append(document.createElement("aside"));
    document.head.append(document.createElement("style"));
    document.title = "(1) News";
    await new Promise((done) => setTimeout(done, 500));
  });
  await counts(reader, 1);
  assert.equal(await shown(reader), 1);
});

hosted("a page that turns sensitive while an appeal stands on it loses the appeal", async (reader) => {
  await open(reader, host("turning"));
  await counts(reader, 1);
  fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
  await reader.page.evaluate(() => document.head.insertAdjacentHTML("beforeend", `<meta name="keepopen:sensitive" content="true">`));
  await counts(reader, 2, 1);
  assert.equal(await shown(reader), 0);
});

hosted("keepopen.page() asks for what no address and no tag tells", async (reader) => {
  await open(reader, host("told"));
  await counts(reader, 1);
  await reader.page.evaluate(() => window.keepopen.page());
  await counts(reader, 2);
  assert.equal(await shown(reader), 1);
});

hosted("an answer that comes after the reader has gone on is not shown", async (reader) => {
  let release;
  fake.hold = new Promise((done) => (release = done));
  // Not until the network is idle: the question that is held back would be given up meanwhile.
  await reader.page.goto(newspaper(PUSH + SWAP_META + `document.body.innerHTML = next.body.innerHTML;`), { waitUntil: "load" });
  await until(() => questions().length === 1);
  fake.verdict = { show: false, reason: "not_targeted", next_eligible_at: null };
  await reader.page.evaluate(() => window.go("/host/two"));
  // The script has noticed the new page, and waits until it is complete.
  await until(() => parts().includes("follow.js"));
  await reader.page.waitForTimeout(100);
  release();
  fake.hold = undefined;
  await counts(reader, 2, 0);
  assert.equal(await shown(reader), 0);
});

hosted("a page that says that it is busy is asked for when it no longer is", async (reader) => {
  fake.verdict = SILENT;
  await open(reader, newspaper(PUSH));
  await counts(reader, 1, 0);
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
  await counts(reader, 2, 1);
  assert.equal(questions()[1].page.section, "sport");
});

hosted("Turbo: each visit is one page, there and back", async (reader) => {
  serve("turbo.js", await library("@hotwired/turbo/dist/turbo.es2017-umd.js"));
  const head = (section) => ARTICLE + meta("article:section", section) + `<script src="/host/turbo.js"></script>`;
  const start = host("one", { head: head("harbour"), body: `<a id="next" href="/host/two">Two</a>${PARAGRAPHS}` });
  host("two", { head: head("sport"), body: `<p id="second">Two.</p>${PARAGRAPHS}` });
  await open(reader, start);
  await counts(reader, 1);
  await reader.page.click("#next");
  await reader.page.waitForSelector("#second");
  await counts(reader, 2);
  assert.deepEqual(questions().map(({ page }) => page.section), ["harbour", "sport"]);
  assert.equal(await shown(reader), 1);
  await reader.page.goBack();
  await reader.page.waitForSelector("#next");
  await counts(reader, 3);
  assert.equal(await reader.page.locator("keepopen-appeal").count(), 1, "what the snapshot kept is used again");
  assert.deepEqual(questions().map(({ history }) => history.articles[0].count), [1, 2, 2]);
});

hosted("htmx: a boosted link is one page, which says of itself what it has to say in its body", async (reader) => {
  serve("htmx.js", await library("htmx.org/dist/htmx.min.js"));
  const script = `<script src="/host/htmx.js"></script>`;
  const body = (more) => `<div hx-boost="true"><a id="next" href="/host/two">Two</a></div>${more}${PARAGRAPHS}`;
  const start = host("one", { head: ARTICLE + script, body: body("") });
  host("two", { head: ARTICLE + script, body: body(`<p id="second">Two.</p><keepopen-appeal surface="inline" data-sensitive="true"></keepopen-appeal>`) });
  await open(reader, start);
  await counts(reader, 1);
  fake.verdict = { show: false, reason: "sensitive_page", next_eligible_at: null };
  await reader.page.click("#next");
  await reader.page.waitForSelector("#second");
  await counts(reader, 2, 1);
  assert.equal(await shown(reader), 0);
  assert.equal(questions()[1].page.sensitive, true);
});

// Frames.

for (const [name, origin] of [["of the same origin", () => fake.elsewhere], ["of another origin", () => fake.url]]) {
  hosted(`in a frame ${name} the payment opens in the window around it, and the gift is thanked for`, async (reader) => {
    const inner = host("inner");
    const outer = `${origin()}${new URL(host("outer", { script: "", body: `<iframe id="frame" src="${inner}" width="900" height="700"></iframe>` })).pathname}`;
    await open(reader, outer);
    const frame = reader.page.frameLocator("#frame");
    await frame.locator('[data-test="give"]').click();
    await reader.page.waitForURL("**/pay/cs_test_1");
    // Browsers may keep a frame's storage apart, so what the way back needs is carried.
    assert.equal(fake.of("/v1/checkout")[0].body.return_url.includes("#keepopen_attempt="), name.includes("another"));
    await reader.page.click("#pay-card");
    const place = name.includes("same") ? reader.page.frameLocator("#frame") : reader.page;
    await place.locator('[data-test="heading"]').getByText("Thank you").waitFor();
  });
}
