// Tests the text of an appeal in a real browser: blocks, placeholders, other languages and long words.
// Run: node --test tests/browser/words.mjs (SHOTS=folder also takes screenshots)
import assert from "node:assert/strict";
import { open, settled, takeScreenshot } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { rewritePage, fake, readStored, pageUrl, pay, countShown, story } from "./story.mjs";

const IMAGE = "https://images.journal.example/desk.png";
const PHONE = { viewport: { width: 375, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
/** The image that the tests serve: a drawing instead of a photograph. */
const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"><rect width="640" height="360" fill="#8fb3c7"/><path d="M0 260q160-70 320 0t320 0v100H0z" fill="#35556b"/><circle cx="500" cy="90" r="40" fill="#f3d58c"/></svg>`;

const RICH = {
  locale: "en",
  heading: "You have read {article_count, plural, one {# article} other {# articles}} in the Journal",
  body: [
    "It is {weekday}, {date}. <b>The harbour is open</b>, and somebody has to write it down.",
    { quote: "Whoever pays for a newspaper decides what is left out of it. We want that to be you.", by: "The editors" },
    { image: IMAGE, alt: "Boats at the quay in {country}", width: 640, height: 360 },
    { list: ["Three reporters at every council meeting", "No owner who could be offended", "Every story free for everybody in {country}"] },
  ],
  cta: "Support us with {gift}",
  dismiss: "Not now",
  thanks: { heading: "Thank you for {article_count} articles", body: [{ quote: "You keep us afloat." }, { list: ["{country}"] }] },
};

const GERMAN = {
  locale: "de",
  heading: "Sie haben {article_count} Artikel über Hafenverwaltungsangelegenheiten gelesen",
  body: [
    "Am {date} lesen Sie uns wieder. Das Donaudampfschifffahrtsgesellschaftskapitänspatentverlängerungsverfahren schreibt sich nicht von allein auf.",
    { quote: "Unabhängigkeit heißt, dass keine Rindfleischetikettierungsüberwachungsaufgabenübertragungsbehörde anruft.", by: "Die Redaktion" },
    { list: ["Für alle in {country} frei zu lesen", "Kündbar mit einem Klick"] },
  ],
  cta: "Mit {gift} unterstützen",
  dismiss: "Jetzt nicht",
};
const VALUES = { article_count: 1204, weekday: "tuesday", date: "2026-11-24", country: "DE" };

const setContent = (content, surface = "banner") => {
  fake.verdict = { ...APPEAL, surface, content: { ...APPEAL.content, ...content }, values: VALUES };
};
/** Serves `body` for every image of the tests. If `body` is empty, every image fails to load. */
const serveImages = (reader, body = DRAWING) => reader.page.route("https://images.journal.example/**", (route) => (body ? route.fulfill({ contentType: "image/svg+xml", body }) : route.abort()));
const inAppeal = (reader, selector) => reader.page.locator(`keepopen-appeal ${selector}`);
/** Returns two booleans: whether the page fits the window, and whether the panel's content fits the panel. */
const fits = (reader) =>
  reader.page.evaluate(() => {
    const panel = [...document.querySelectorAll("keepopen-appeal")].map((one) => one.shadowRoot.querySelector(".panel")).find(Boolean);
    return [document.documentElement.scrollWidth <= innerWidth, panel.scrollWidth <= panel.clientWidth];
  });

story("blocks are shown in order, with their placeholders filled, and nothing is parsed as HTML", {}, async (reader) => {
  await serveImages(reader);
  setContent(RICH);
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("heading").textContent(), "You have read 1,204 articles in the Journal");
  const tags = await inAppeal(reader, ".words > *").evaluateAll((all) => all.map((one) => one.tagName));
  assert.deepEqual(tags, ["H2", "P", "BLOCKQUOTE", "IMG", "UL", "BUTTON"]);
  assert.equal(await inAppeal(reader, ".words > p").textContent(), "It is Tuesday, November 24, 2026. <b>The harbour is open</b>, and somebody has to write it down.");
  assert.equal(await inAppeal(reader, "cite").textContent(), "The editors");
  assert.equal(await inAppeal(reader, "img").getAttribute("alt"), "Boats at the quay in Germany");
  assert.equal(await inAppeal(reader, "li").last().textContent(), "Every story free for everybody in Germany");
});

story("an image with a size keeps its space if it fails to load, and a decorative image takes up none", {}, async (reader) => {
  await serveImages(reader, "");
  setContent({ ...RICH, body: [RICH.body[2], { image: IMAGE, alt: "" }] }, "inline");
  await open(reader, pageUrl("eelgrass"));
  await inAppeal(reader, "[data-test=heading]").scrollIntoViewIfNeeded();
  await settled(reader);
  const [withAlt, decorative] = await inAppeal(reader, "img").evaluateAll((all) => all.map((one) => [one.offsetWidth, one.offsetHeight]));
  assert.equal(Math.round((withAlt[0] / withAlt[1]) * 9), 16);
  assert.deepEqual(decorative, [0, 0]);
});

story("an image whose address is not https is not fetched", {}, async (reader) => {
  setContent({ ...RICH, body: [{ image: `${fake.url}/desk.png`, alt: "" }, { image: "javascript:alert(1)", alt: "" }, "After."] });
  await open(reader, pageUrl("regatta"));
  assert.deepEqual([await inAppeal(reader, "img").count(), await inAppeal(reader, ".words > p").textContent()], [0, "After."]);
});

story("a German appeal has German sentences, amounts and dates, and its lang attributes say German", {}, async (reader) => {
  setContent(GERMAN);
  await open(reader, pageUrl("regatta"));
  const plain = async (where) => (await where.textContent()).replace(/\u00a0/g, " ");
  assert.equal(await plain(reader.hook("heading")), "Sie haben 1.204 Artikel über Hafenverwaltungsangelegenheiten gelesen");
  assert.match(await plain(inAppeal(reader, ".words > p")), /^Am 24\. November 2026 /);
  assert.equal(await plain(reader.hook("give")), "Mit 10 € im Monat unterstützen");
  assert.equal(await plain(reader.hook("later")), "Fragen Sie mich in 3 Tagen");
  assert.deepEqual(await inAppeal(reader, "[lang]").evaluateAll((all) => [...new Set(all.map((one) => one.lang))]), ["de"]);
});

story("the thanks have the text of the appeal through which the reader gave, with its placeholders filled", {}, async (reader) => {
  setContent(RICH);
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-card");
  assert.equal(await reader.hook("heading").textContent(), "Thank you for 1,204 articles");
  assert.equal(await inAppeal(reader, "li").textContent(), "Germany");
  assert.equal((await readStored(reader)).pending.length, 0);
});

for (const [name, options] of [["desktop", {}], ["phone", PHONE]]) {
  for (const [language, words] of [["en", RICH], ["de", GERMAN]]) {
    for (const surface of ["banner", "inline", "wall"]) {
      story(`no text overflows: ${name}, ${language}, ${surface}`, options, async (reader) => {
        await serveImages(reader);
        setContent(words, surface);
        await rewritePage(reader, "eelgrass", (html) => html.replace('surface="inline"', `surface="${surface}"`));
        await open(reader, pageUrl("eelgrass"));
        assert.equal(await countShown(reader), 1);
        await reader.hook("heading").scrollIntoViewIfNeeded();
        await settled(reader);
        assert.deepEqual(await fits(reader), [true, true]);
        if (surface !== "banner") await reader.hook("heading").evaluate((heading) => heading.closest(".panel").scrollIntoView());
        await takeScreenshot(reader, `words-${surface}-${language}-${name}`);
      });
    }
  }
}
