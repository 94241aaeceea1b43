// Runs every command and snippet of the pages in docs/, and compares what they print with what the page says.
// Run: KEEPOPEN_BIN=target/debug/keepopen node tests/docs/run.mjs [page …]
// Needs bash, psql, curl, jq, openssl, sqlite3, Chromium, nginx (or skips its block), and a python3 with PyJWT (DOCS_TOOLS names its folder).
// Ends with "N passed, N failed" and a status to match.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, newReader, open, settled } from "../browser/browser.mjs";
import { steps } from "./blocks.mjs";
import { compare } from "./expected.mjs";
import { nginxIsThere, tryNginx } from "./nginx.mjs";
import { Place } from "./place.mjs";

const root = new URL("../../", import.meta.url);
const binary = process.env.KEEPOPEN_BIN;
assert.ok(binary?.startsWith("/"), "set KEEPOPEN_BIN to the keepopen binary, from / on");
const names = process.argv.length > 2 ? process.argv.slice(2) : (await readdir(new URL("docs/", root))).filter((name) => name.endsWith(".md")).sort();

/** A copy of the page's `index.html` with a snippet in it; a script tag takes the place of the one that is there. */
function withSnippet(index, { says, text }) {
  const page = text.includes("embed.js") ? index.replace(/^.*embed\.js.*\n/m, "") : index;
  const [before, what] = says.head ? ["</head>", "its head"] : ["</article>", "its article"];
  assert.ok(page.includes(before), `index.html must show where ${what} ends`);
  return page.replace(before, () => text + before);
}

/** The surface that shows on a page, or `nothing`. */
async function shown(browser, url) {
  const reader = await newReader(browser);
  try {
    await open(reader, url);
    const panels = await reader.page.locator("keepopen-appeal .panel").evaluateAll((all) => all.map((panel) => panel.classList[1]));
    assert.deepEqual(reader.complaints, [], "the page let out errors");
    return panels.join(" ") || "nothing";
  } finally {
    await reader.leave();
  }
}

/** Gives on a page with the practice Stripe's good card: the reader comes back, is thanked, and is asked no more. */
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
    assert.equal(await reader.page.locator("keepopen-appeal .panel").count(), 0, "a giver is asked again");
    assert.deepEqual(reader.complaints, [], "the page let out errors");
  } finally {
    await reader.leave();
  }
}

async function carryOut(step, place, browser) {
  const { says, text } = step;
  switch (step.does) {
    case "write":
      return place.write(says.file, text);
    case "opens":
      return assert.equal(await shown(browser, `${place.site}/${says.page}`), says.shows);
    case "gives":
      return give(browser, `${place.site}/${says.page}`);
    case "proxy":
      if (nginxIsThere()) return tryNginx(place, text, says.proxies);
      if (process.env.CI === "true") throw new Error("nginx is not there");
      return console.log("!! SKIPPED: the nginx configuration: nginx is not there");
    case "Ctrl-C":
      return place.interrupt();
    case "start":
      return place.start(text, says.until);
    case "show": {
      const name = says.head ?? says.body;
      await place.write(name, withSnippet(await place.read("index.html"), step));
      assert.equal(await shown(browser, `${place.site}/${name}`), says.shows);
      return;
    }
    case "run": {
      const printed = await place.run(text);
      if (step.expected) compare({ ...step.expected, text: place.here(step.expected.text) }, printed);
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
    // The map is a drawing.
    const todo = name === "architecture.md" ? [] : steps(markdown);
    if (name.includes("postgresql") && !process.env.KEEPOPEN_TEST_POSTGRES) {
      if (process.env.CI === "true") throw new Error("KEEPOPEN_TEST_POSTGRES names no server");
      console.log(`!! SKIPPED: docs/${name}: KEEPOPEN_TEST_POSTGRES names no server (scripts/with-postgres starts one)`);
      continue;
    }
    for (const step of todo) {
      line = step.line;
      await carryOut(step, place, browser);
      passed++;
    }
    console.log(`ok: docs/${name}, ${todo.length} blocks`);
  } catch (error) {
    // What follows in the page builds on it.
    failed++;
    console.log(`FAILED: docs/${name}:${line}: ${error.message}`);
  } finally {
    await place.leave();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
