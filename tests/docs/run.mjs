// Runs every command and snippet of the pages in docs/, and compares the outputs with those on the pages.
// Run: KEEPOPEN_BIN=$PWD/target/debug/keepopen node tests/docs/run.mjs [page …]
// Needs bash, psql, curl, jq, openssl, sqlite3, Chromium, and a python3 with PyJWT (DOCS_TOOLS is its folder). Without
// nginx, the block with the nginx configuration is skipped.
// Prints "N passed, N failed" at the end. Exits with 1 if anything failed.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, newReader, open, settled } from "../browser/browser.mjs";
import { steps } from "./blocks.mjs";
import { compare } from "./expected.mjs";
import { hasNginx, testNginx } from "./nginx.mjs";
import { Place } from "./place.mjs";

const root = new URL("../../", import.meta.url);
const binary = process.env.KEEPOPEN_BIN;
assert.ok(binary?.startsWith("/"), "Set KEEPOPEN_BIN to the absolute path of the keepopen binary.");
const names = process.argv.length > 2 ? process.argv.slice(2) : (await readdir(new URL("docs/", root))).filter((name) => name.endsWith(".md")).sort();

/** Returns a copy of `index.html` with a snippet in it. A snippet with the script tag replaces the existing tag. */
function insertSnippet(index, { attributes, text }) {
  const page = text.includes("embed.js") ? index.replace(/^.*embed\.js.*\n/m, "") : index;
  const before = attributes.head ? "</head>" : "</article>";
  assert.ok(page.includes(before), `index.html must contain ${before}`);
  return page.replace(before, () => text + before);
}

/** Opens a page. Returns the surface of the appeal that it shows, or `nothing`. */
async function shownSurface(browser, url) {
  const reader = await newReader(browser);
  try {
    await open(reader, url);
    const panels = await reader.page.locator("keepopen-appeal .panel").evaluateAll((all) => all.map((panel) => panel.classList[1]));
    assert.deepEqual(reader.errors, [], "the page must have no errors");
    return panels.join(" ") || "nothing";
  } finally {
    await reader.leave();
  }
}

/**
 * Makes a gift on a page, with a card that works. Checks that the reader comes back, is thanked, and sees no more
 * appeals.
 */
async function give(browser, url) {
  const reader = await newReader(browser);
  try {
    await open(reader, url);
    await reader.hook("give").click();
    await reader.page.fill("#email", "ada@example.org");
    await reader.page.click("#pay-card");
    await reader.page.waitForURL(url);
    await settled(reader);
    assert.match(await reader.hook("heading").textContent(), /thank/i);
    await open(reader, url);
    assert.equal(await reader.page.locator("keepopen-appeal .panel").count(), 0, "a reader who has given must see no appeal");
    assert.deepEqual(reader.errors, [], "the page must have no errors");
  } finally {
    await reader.leave();
  }
}

async function runStep(step, place, browser) {
  const { attributes, text } = step;
  switch (step.does) {
    case "write":
      return place.write(attributes.file, text);
    case "opens":
      return assert.equal(await shownSurface(browser, `${place.site}/${attributes.page}`), attributes.shows);
    case "gives":
      return give(browser, `${place.site}/${attributes.page}`);
    case "proxy":
      if (hasNginx()) return testNginx(place, text, attributes.proxies);
      if (process.env.CI === "true") throw new Error("nginx is not installed");
      return console.log("!! SKIPPED: the nginx configuration: nginx is not installed");
    case "Ctrl-C":
      return place.interrupt();
    case "start":
      return place.start(text, attributes.until);
    case "show": {
      const name = attributes.head ?? attributes.body;
      await place.write(name, insertSnippet(await place.read("index.html"), step));
      assert.equal(await shownSurface(browser, `${place.site}/${name}`), attributes.shows);
      return;
    }
    case "run": {
      const printed = await place.run(text);
      if (step.expected) compare({ ...step.expected, text: place.localize(step.expected.text) }, printed);
    }
  }
}

let passed = 0;
let failed = 0;
const browser = await launch();
for (const name of names) {
  const markdown = await readFile(new URL(`docs/${name}`, root), "utf8");
  const place = await Place.make(binary, fileURLToPath(new URL("web/node_modules", root)), process.env.DOCS_TOOLS);
  let line = 1;
  try {
    // The blocks of architecture.md are diagrams, so there is nothing to run.
    const pageSteps = name === "architecture.md" ? [] : steps(markdown);
    if (name.includes("postgresql") && !process.env.KEEPOPEN_TEST_POSTGRES) {
      if (process.env.CI === "true") throw new Error("KEEPOPEN_TEST_POSTGRES is not set");
      console.log(`!! SKIPPED: docs/${name}: KEEPOPEN_TEST_POSTGRES is not set (scripts/with-postgres sets it)`);
      continue;
    }
    for (const step of pageSteps) {
      line = step.line;
      await runStep(step, place, browser);
      passed++;
    }
    console.log(`ok: docs/${name}, ${pageSteps.length} blocks`);
  } catch (error) {
    // The rest of the page depends on this step, so it is not run.
    failed++;
    console.log(`FAILED: docs/${name}:${line}: ${error.message}`);
  } finally {
    await place.remove();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
