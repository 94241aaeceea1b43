// Tests where and how an appeal shows, in a real browser with a fake service. `embed.mjs` tests what a reader does with
// an appeal.
// Run: node --test tests/browser/places.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { open } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { rewritePage, fake, pageUrl, pay, countShown, story } from "./story.mjs";

story("a wall hides the rest of the article until the reader closes the wall", {}, async (reader) => {
  fake.verdict = { ...APPEAL, surface: "wall" };
  await rewritePage(reader, "eelgrass", (html) => html.replace('surface="inline"', 'surface="wall"'));
  await open(reader, pageUrl("eelgrass"));
  const last = reader.page.locator("article > p").last();
  assert.equal(await last.isVisible(), false);
  await reader.hook("close").click();
  assert.equal(await last.isVisible(), true);
});

story("a wall that cannot be dismissed offers only the form", {}, async (reader) => {
  fake.verdict = { ...APPEAL, surface: "wall", closable: false };
  await rewritePage(reader, "eelgrass", (html) => html.replace('surface="inline"', 'surface="wall"'));
  await open(reader, pageUrl("eelgrass"));
  assert.equal(await reader.hook("give").count(), 1);
  for (const way of ["close", "later", "already"]) assert.equal(await reader.hook(way).count(), 0, way);
  await reader.page.keyboard.press("Escape");
  assert.equal(await countShown(reader), 1);
});

story("markup in an appeal is shown as plain text", {}, async (reader) => {
  const evil = "<img src=x onerror=alert(1)>";
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, heading: evil, body: [evil], cta: evil } };
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("heading").textContent(), evil);
  assert.equal(await reader.page.locator("keepopen-appeal img").count(), 0);
});

story("an appeal has its styles even on a page that forbids inline styles", {}, async (reader) => {
  await reader.page.route("**/regatta.html", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": "default-src 'self'; img-src data:" } });
  });
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("panel-ask").evaluate((panel) => getComputedStyle(panel).backgroundColor), "rgb(251, 243, 224)");
});

/** Opens a page that has this head and body, and nothing else except a title. */
async function openBarePage(reader, head, body) {
  const html = `<!doctype html><html lang="en"><head><title>Bare</title>${head}</head><body>${body}</body></html>`;
  await reader.page.route("**/bare.html", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await open(reader, pageUrl("bare"));
}

/** Returns the README's HTML examples, in order, with the address of the fake service. */
async function readmeExamples() {
  const readme = await readFile(new URL("../../web/embed/README.md", import.meta.url), "utf8");
  return [...readme.matchAll(/```html\n(.*?)```/gs)].map(([, html]) => html.replaceAll("https://give.example.org", fake.url));
}

story("a page needs only the tag in the README, and its banner sticks to the bottom edge", {}, async (reader) => {
  const [tag] = await readmeExamples();
  await openBarePage(reader, tag, "<p>News.</p>".repeat(200));
  assert.equal(await reader.hook("heading").textContent(), "We need your help now");
  await reader.page.evaluate(() => scrollTo(0, 1000));
  const edge = await reader.hook("panel-ask").evaluate(async (panel) => {
    await Promise.all(panel.getAnimations().map((animation) => animation.finished));
    return panel.getBoundingClientRect().bottom;
  });
  assert.equal(edge, 900);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
});

story("the README's `<keepopen-appeal>` elements show inline and wall appeals as described", {}, async (reader) => {
  const [tag, elements] = await readmeExamples();
  for (const surface of ["inline", "wall"]) {
    fake.verdict = { ...APPEAL, surface };
    await openBarePage(reader, tag, `<article><p>First.</p>${elements}<p id="last">Last.</p></article>`);
    assert.deepEqual(fake.requestsTo("/v1/banner").at(-1).body.surfaces, ["banner", "inline", "wall"]);
    assert.equal(await reader.page.locator(`keepopen-appeal[surface=${surface}] [data-test=heading]`).count(), 1);
    assert.equal(await reader.page.locator("#last").isVisible(), surface === "inline");
  }
});

story("an appeal without some of the required parts is shown with the remaining parts", {}, async (reader) => {
  const { heading, body } = APPEAL.content;
  fake.verdict = { ...APPEAL, kind: "ask", content: { heading, body, cta: null, dismiss: null, choices: null, thanks: null } };
  await open(reader, pageUrl("regatta"));
  assert.equal(await reader.hook("heading").textContent(), heading);
  assert.equal(await reader.hook("give").count(), 0);
  await reader.hook("close").click();
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, thanks: { heading: "Ta" } } };
  await open(reader, pageUrl("regatta"));
  await pay(reader, "#pay-card");
  assert.equal(await reader.hook("heading").textContent(), "Ta");
});

for (const width of [320, 390, 768, 1280]) {
  story(`no part of the page or the appeal overflows at a width of ${width} pixels`, { viewport: { width, height: 800 } }, async (reader) => {
    for (const position of ["bottom banner", "inline", "top banner"]) {
      fake.verdict = { ...APPEAL, surface: position === "inline" ? "inline" : "banner" };
      if (position === "top banner") await rewritePage(reader, "committee-rooms", (html) => html.replace("data-site=", 'data-edge="top" data-site='));
      await open(reader, pageUrl("committee-rooms"));
      assert.equal(await reader.page.evaluate(() => document.documentElement.scrollWidth), width);
      await reader.hook("other").click();
      if (await reader.hook("more").isVisible()) await reader.hook("more").click();
      assert.equal(await reader.page.evaluate(() => document.documentElement.scrollWidth), width);
      const panel = await reader.hook("panel-ask").evaluate((element) => [element.scrollWidth, element.clientWidth]);
      assert.equal(panel[0], panel[1], `the content of the panel must fit its width: ${position}`);
    }
  });
}

story("the URL of a preview shows the appeal with the label Preview, and nothing is counted or stored", {}, async (reader) => {
  const { attribution: _, ...preview } = { ...APPEAL, appeal: "draft", content: { ...APPEAL.content, heading: "Not yet" } };
  fake.previews = { "note.tag": preview };
  await open(reader, `${pageUrl("regatta")}?keepopen_preview=note.tag`);
  assert.equal(await reader.hook("heading").textContent(), "Not yet");
  assert.equal(await reader.hook("preview").isVisible(), true);
  const [asked] = fake.requestsTo("/v1/banner/preview");
  assert.match(asked.type, /^text\/plain\b/);
  assert.equal(asked.body.preview, "note.tag");
  assert.equal(asked.body.token, undefined);
  assert.ok(!asked.body.page.url.includes("note.tag"), "the page's address must not contain the preview's token");
  await reader.hook("close").click();
  assert.equal(await countShown(reader), 0);
  await open(reader, `${pageUrl("regatta")}?keepopen_preview=note.tag`);
  await reader.hook("give").click();
  await reader.page.waitForURL("**/pay/cs_test_1");
  const [checkout] = fake.requestsTo("/v1/checkout");
  assert.equal(checkout.body.attribution, undefined);
  assert.ok(!checkout.body.return_url.includes("keepopen_preview"), "the return URL must not open the preview again");
  for (const path of ["/v1/banner", "/v1/banner/events"]) assert.deepEqual(fake.requestsTo(path), [], path);
  // The request that an ordinary page view sends to `/v1/banner` must contain no trace of the preview.
  await open(reader, pageUrl("regatta"));
  const { history } = fake.requestsTo("/v1/banner").at(-1).body;
  assert.deepEqual([history.views, history.dismissals], [[], []]);
});

story("an expired preview shows nothing on the page and says why on the console", {}, async (reader) => {
  const lines = [];
  reader.page.on("console", (line) => line.type() === "info" && lines.push(line.text()));
  await open(reader, `${pageUrl("regatta")}?keepopen_preview=old.tag`);
  assert.equal(await countShown(reader), 0);
  assert.deepEqual(fake.requestsTo("/v1/banner"), []);
  assert.deepEqual(lines, ["keepopen: no preview: preview_invalid"]);
});
