// Tests `keepopen demo` as a site uses it through OpenFeature: with the server and web SDKs and their providers for
// OFREP (OpenFeature's protocol for remote evaluation).
// Run: KEEPOPEN_BIN=/…/target/debug/keepopen node tests/openfeature/run.mjs
// Prints "N passed, N failed" at the end. Exits with 1 if anything failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const server = require("@openfeature/server-sdk");
const browser = require("@openfeature/web-sdk");
const { OFREPProvider } = require("@openfeature/ofrep-provider");
const { OFREPWebProvider } = require("@openfeature/ofrep-web-provider");

const { KEEPOPEN_BIN: binary, ...env } = process.env;
assert.ok(binary?.startsWith("/"), "Set KEEPOPEN_BIN to the absolute path of the keepopen binary.");

const stories = [];
const story = (name, run) => stories.push({ name, run });
const reader = { targetingKey: "reader-7", site: "journal", page: { section: "news" }, history: {} };
const sensitive = { ...reader, page: { section: "news", sensitive: true } };

const demo = spawn(binary, ["demo", "--port", "0", "--json"], { env, stdio: ["ignore", "pipe", "ignore"] });
const ended = new Promise((done) => demo.once("close", done));
const { keepopen } = JSON.parse(await new Promise((done) => createInterface(demo.stdout).once("line", done)));

await server.OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: keepopen }));
const client = server.OpenFeature.getClient();

story("a server gets a flag that says whether an appeal is shown", async () => {
  const details = await client.getBooleanDetails("show_appeal", false, reader);
  assert.deepEqual([details.value, details.reason, details.variant, details.flagMetadata.reason], [true, "TARGETING_MATCH", "on", "matched"]);
  const noAppeal = await client.getBooleanDetails("show_appeal", true, sensitive);
  assert.deepEqual([noAppeal.value, noAppeal.reason, noAppeal.variant, noAppeal.flagMetadata.reason], [false, "DEFAULT", "off", "sensitive_page"]);
});

story("a server gets the whole verdict, with the same variant each time for the same reader", async () => {
  const first = await client.getObjectDetails("appeal", {}, reader);
  assert.equal(first.value.appeal, "help");
  assert.equal(first.value.variant, first.variant);
  assert.ok(first.value.content.heading && first.value.attribution, "the verdict must have its content and its attribution");
  for (let times = 0; times < 5; times++) {
    assert.equal((await client.getObjectDetails("appeal", {}, reader)).variant, first.variant);
  }
  const variants = new Set();
  for (let key = 0; key < 40; key++) {
    variants.add((await client.getObjectDetails("appeal", {}, { ...reader, targetingKey: `reader-${key}` })).variant);
  }
  assert.deepEqual([...variants].sort(), ["a", "b"], "each variant must be shown to some of the readers");
});

story("if the service can't evaluate a flag, the SDK returns the default value and the protocol's error", async () => {
  const unknown = await client.getBooleanDetails("other", true, reader);
  assert.deepEqual([unknown.value, unknown.errorCode], [true, "FLAG_NOT_FOUND"]);
  const unknownSite = await client.getBooleanDetails("show_appeal", true, { ...reader, site: "nowhere" });
  assert.deepEqual([unknownSite.value, unknownSite.reason], [true, "ERROR"]);
  assert.equal(unknownSite.errorCode, "INVALID_CONTEXT");
  const { site: _, ...siteless } = reader;
  const missing = await client.getBooleanDetails("show_appeal", true, siteless);
  assert.deepEqual([missing.value, missing.errorCode], [true, "INVALID_CONTEXT"]);
  const broken = await client.getBooleanDetails("show_appeal", true, { ...reader, page: "front" });
  assert.deepEqual([broken.value, broken.errorCode], [true, "PARSE_ERROR"]);
});

story("a browser fetches all flags at once, and gets a 304 until its context changes", async () => {
  const statuses = [];
  const recordingFetch = async (...request) => {
    const answer = await fetch(...request);
    statuses.push(answer.status);
    return answer;
  };
  const provider = new OFREPWebProvider({ baseUrl: keepopen, pollInterval: 0, fetchImplementation: recordingFetch });
  await browser.OpenFeature.setContext(reader);
  await browser.OpenFeature.setProviderAndWait(provider);
  const page = browser.OpenFeature.getClient();
  assert.equal(page.getBooleanValue("show_appeal", false), true);
  assert.equal(page.getObjectValue("appeal", {}).appeal, "help");
  await browser.OpenFeature.setContext({ ...reader });
  assert.deepEqual(statuses, [200, 304]);
  await browser.OpenFeature.setContext(sensitive);
  assert.deepEqual(statuses, [200, 304, 200]);
  assert.equal(page.getBooleanValue("show_appeal", true), false);
});

let [passed, failed] = [0, 0];
for (const { name, run } of stories) {
  try {
    await run();
    passed++;
    console.log(`ok: ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
await browser.OpenFeature.close();
await server.OpenFeature.close();
demo.kill("SIGTERM");
await ended;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
