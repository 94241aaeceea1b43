// Tests the contract (`openapi.yaml`) against a running server with Schemathesis: all phases, once with API keys and
// once without.
// Run: KEEPOPEN_BIN=/…/target/debug/keepopen CONTRACT_TOOLS=FOLDER node tests/contract/run.mjs
// CONTRACT_TOOLS is the folder of Schemathesis's program `st`.
// If KEEPOPEN_TEST_POSTGRES is set, the service uses that database. It must be empty (scripts/with-postgres starts a
// new one).
//   --seed=N      use another seed (it is printed)
//   --minutes=N   run for N minutes instead of a fixed number of cases
// Prints "N passed, N failed" at the end. Exits with 1 if anything failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { KEEPOPEN_BIN: binary, CONTRACT_TOOLS: tools, KEEPOPEN_TEST_POSTGRES: postgres, ...env } = process.env;
if (postgres) env.DATABASE_URL = postgres;
assert.ok(binary && tools, "Set KEEPOPEN_BIN to the keepopen binary and CONTRACT_TOOLS to the folder of Schemathesis's program st.");
const { values: options } = parseArgs({ options: { seed: { type: "string", default: "20261124" }, minutes: { type: "string" } } });
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const contract = here("../../openapi.yaml");
const folder = await mkdtemp(join(tmpdir(), "keepopen-contract-"));
const SECRET = "whsec_contract";
const ORIGIN = "https://journal.example.org";
const EMAIL = "reader@example.org";
const started = [];

/** Starts `keepopen` and waits until its output matches `pattern`. Returns the process and the match. */
async function start(args, pattern) {
  const child = spawn(binary, args, { cwd: folder, env });
  started.push(child);
  child.ended = new Promise((done) => child.once("close", done));
  child.output = "";
  const match = new Promise((found, fail) => {
    const read = (data) => {
      const match = pattern.exec((child.output += data));
      if (match) found(match);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", (status) => fail(new Error(`keepopen ${args[0]} exited with status ${status}\n${child.output}`)));
  });
  return { child, match: await match };
}

/** Starts the service under test, with a known webhook secret and the demo's practice Stripe. */
async function startService() {
  const { match } = await start(["demo", "--port", "0", "--json"], /\{.*"practice":"([^"]+)".*\}/);
  await writeFile(join(folder, "appeals.toml"), APPEALS);
  await writeFile(join(folder, "keepopen.toml"), settings(match[1]));
  const service = await start(["serve"], /"address":"(127\.0\.0\.1:\d+)"/);
  return { child: service.child, url: `http://${service.match[1]}` };
}

const APPEALS = `[[appeals]]
id = "help"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
live = "live"
[[appeals.variants]]
id = "a"
[appeals.variants.copy]
heading = "We need your help now"
body = ["Read on."]
cta = "Give {gift}"
`;

const settings = (practice) => `[server]
bind = "127.0.0.1:0"
public_url = "http://127.0.0.1"
workers = 2
[management]
bind = ""
[stripe]
mode = "test"
secret_key = "sk_test_practice"
webhook_secrets = ["${SECRET}"]
api_url = "${practice}"
[limits]
checkout_address_per_minute = 1000000
checkout_site_per_minute = 1000000
checkout_attempt_per_minute = 1000000
token_address_per_minute = 1000000
token_site_per_minute = 1000000
token_attempt_per_minute = 1000000
[appeals]
file = "appeals.toml"
[log]
format = "json"
[sites.journal]
name = "The Journal"
origins = ["${ORIGIN}"]
currency = "EUR"
locale = "en"
time_zone = "Europe/Dublin"
fallback_url = "${ORIGIN}/give"
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 1000000
once = [500]
month = [500]
default_interval = "month"
default_amount_minor = 500
`;

/** Sends a POST request. Returns the body of the response, whose status must be 200. */
async function post(url, path, body, headers = {}) {
  const answer = await fetch(url + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

/**
 * Makes a gift, so that the service has data. Writes the ids and tokens to dictionaries: files with values that
 * Schemathesis mixes with the generated ones.
 */
async function prepare(url) {
  const attempt = randomUUID();
  const checkout = (attempt) => post(url, "/v1/checkout", { site: "journal", attempt, amount_minor: 500, currency: "EUR", interval: "month", return_url: `${ORIGIN}/` });
  const { session, url: page } = await checkout(attempt);
  const paid = await fetch(page, { method: "POST", redirect: "manual", body: new URLSearchParams({ how: "card", email: EMAIL, name: "Reader" }) });
  assert.equal(paid.status, 303);
  const { token, supporter } = await post(url, "/v1/tokens", { grant: "checkout_session", site: "journal", session, attempt });
  const unpaidAttempt = randomUUID();
  const { attribution } = await post(url, "/v1/banner", { site: "journal", history: {} });
  const { session: unpaid } = await checkout(unpaidAttempt);
  const tag = (await fetch(`${url}/embed.js`)).headers.get("etag").replace(/^"([0-9a-f]+).*$/, "$1");
  const writeDictionary = (name, ...lines) => writeFile(join(folder, name), lines.map((line) => `"${line}"\n`).join(""));
  await writeDictionary("attempts.txt", attempt, unpaidAttempt);
  await writeDictionary("sessions.txt", session, unpaid);
  await writeDictionary("supporters.txt", supporter);
  await writeDictionary("attributions.txt", attribution);
  await writeDictionary("tokens.txt", token, `${token.slice(0, -4)}AAAA`);
  await writeDictionary("embeds.txt", tag);
  const output = await new Promise((done, fail) => {
    const child = spawn(binary, ["api-key", "create", "--name", "contract", "--scope", "supporters:read", "--scope", "appeals:write", "--scope", "money:read", "--scope", "alarms:write"], { cwd: folder, env });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.once("close", (status) => (status ? fail(new Error(`keepopen api-key create exited with status ${status}`)) : done(text)));
  });
  const key = output.split("\n", 1)[0];
  const { url: preview } = await post(url, "/v1/appeals/help/previews", { site: "journal", page_url: `${ORIGIN}/` }, { authorization: `Bearer ${key}` });
  const previewToken = new URL(preview).searchParams.get("keepopen_preview");
  const money = await fetch(`${url}/v1/contributions?limit=1`, { headers: { authorization: `Bearer ${key}` } });
  const { contributions, next } = await money.json();
  await writeDictionary("contributions.txt", contributions[0].id, ...(next ? [next] : []));
  await writeDictionary("previews.txt", previewToken, `${previewToken.slice(0, -4)}AAAA`);
  return { token, key };
}

/** Runs Schemathesis once, without keys if `keys` is null. Returns whether it found no failure. */
async function runSchemathesis(name, url, keys, limit) {
  const config = join(folder, `${name}.toml`);
  const parts = ["schemathesis.toml", ...(keys ? ["keys.toml"] : [])];
  await writeFile(config, (await Promise.all(parts.map((part) => readFile(here(part), "utf8")))).join(""));
  console.log(`\n== The contract ${name.replace("-", " ")}, seed ${options.seed}`);
  const secrets = keys ? { CONTRACT_KEY: keys.key, CONTRACT_TOKEN: keys.token } : {};
  const child = spawn(join(tools, "st"), ["--config-file", config, "--no-color", "run", contract, "--url", url, "--seed", options.seed, ...limit], {
    cwd: folder,
    env: { ...env, ...secrets, CONTRACT_HOOKS: here("hooks.py"), CONTRACT_WEBHOOK_SECRET: SECRET, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (await new Promise((done) => child.once("close", done))) === 0;
}

/** Returns the option of Schemathesis that limits a run to this share of the minutes or of the usual number of cases. */
const limitFor = (share) => (options.minutes ? ["--max-time", String(Math.ceil(Number(options.minutes) * 60 * share))] : ["-n", String(Math.ceil(60 * share))]);
const outcomes = [];
try {
  const { child, url } = await startService();
  const keys = await prepare(url);
  outcomes.push(await runSchemathesis("with-keys", url, keys, limitFor(0.7)));
  outcomes.push(await runSchemathesis("without-keys", url, null, limitFor(0.3)));
  const panics = child.output.split("\n").filter((line) => line.includes("panicked"));
  console.log(panics.slice(0, 3).join("\n"));
  outcomes.push(panics.length === 0);
  // The service must still respond after both runs.
  outcomes.push((await fetch(`${url}/v1/banner?site=journal`)).status === 200);
} finally {
  for (const child of started.reverse()) {
    child.kill("SIGTERM");
    await child.ended;
  }
  await rm(folder, { recursive: true, force: true });
}
const failed = outcomes.filter((passed) => !passed).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
