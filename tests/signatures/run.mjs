// Checks a table of webhook signatures three times: with the running server, with Stripe's library for Python, and with
// its library for Node.
// Run: KEEPOPEN_BIN=/…/target/debug/keepopen DOCS_TOOLS=FOLDER node tests/signatures/run.mjs [--write]
// DOCS_TOOLS is the folder of a python3 that has the package stripe.
// `--write` rewrites the table in docs/decisions/0004-signatures.md.
// Prints "N passed, N failed" at the end. Exits with 1 if anything failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases, SECRETS } from "./cases.mjs";

const Stripe = createRequire(new URL("../../web/package.json", import.meta.url))("stripe");
const page = new URL("../../docs/decisions/0004-signatures.md", import.meta.url);
const { KEEPOPEN_BIN: binary, DOCS_TOOLS: tools, ...env } = process.env;
assert.ok(binary && tools, "Set KEEPOPEN_BIN to the keepopen binary and DOCS_TOOLS to the folder of a python3 that has the package stripe.");

/** Starts the server on a free port, with both secrets. Returns `deliver`, which sends one webhook, and `stop`. */
async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), "keepopen-signatures-"));
  await writeFile(join(folder, "keepopen.toml"), `[server]\nbind = "127.0.0.1:0"\n[management]\nbind = ""\n[stripe]\nwebhook_secrets = ${JSON.stringify(SECRETS)}\n[log]\nformat = "json"\n`);
  const child = spawn(binary, ["serve"], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((done) => child.once("close", done));
  let log = "";
  const port = await new Promise((found, fail) => {
    child.stderr.on("data", (data) => {
      const [, port] = /"address":"127\.0\.0\.1:(\d+)"/.exec((log += data)) ?? [];
      if (port) found(port);
    });
    child.once("close", (status) => fail(new Error(`the server exited with status ${status}\n${log}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { stop, deliver: (one) => deliver(port, one) };
}

/** Delivers a case to the server's webhook. Returns the status of the response, and its problem if there is one. */
function deliver(port, { header, body }) {
  const headers = { "content-type": "application/json", ...(header === null ? {} : { "stripe-signature": header }) };
  return new Promise((done, fail) => {
    const sent = request({ port, host: "127.0.0.1", path: "/webhooks/stripe", method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (data) => (text += data));
      answer.on("end", () => done({ status: answer.statusCode, problem: text ? JSON.parse(text) : null }));
    });
    sent.once("error", fail);
    sent.end(body);
  });
}

/** Whether Stripe's library for Node accepts the case with one of the secrets. */
function isAcceptedByNode(one) {
  return SECRETS.some((secret) => {
    try {
      Stripe.webhooks.constructEvent(one.body, one.header, secret);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs Stripe's library for Python on all cases. Returns whether it accepts each of them. */
async function verdictsByPython(all) {
  const child = spawn(join(tools, "python3"), [fileURLToPath(new URL("official.py", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stdin.end(JSON.stringify({ secrets: SECRETS, cases: all.map((one) => ({ header: one.header, body: one.body.toString("base64") })) }));
  const status = await new Promise((done) => child.once("close", done));
  assert.equal(status, 0, "official.py must exit with status 0");
  return JSON.parse(text);
}

const label = (accepted) => (accepted ? "accepted" : "refused");

/** Returns the text for the server's response in the table. Throws if the status is neither 200 nor 400. */
function ourVerdict({ status, problem }) {
  if (status === 200) return "accepted";
  assert.equal(status, 400, JSON.stringify(problem));
  return `refused: ${problem.detail ?? problem.title}`;
}

const server = await startServer();
let rows;
try {
  const allCases = cases(Math.floor(Date.now() / 1000));
  const python = await verdictsByPython(allCases);
  rows = [];
  for (const [index, one] of allCases.entries()) {
    rows.push({ name: one.name, ours: ourVerdict(await server.deliver(one)), python: label(python.verdicts[index]), node: label(isAcceptedByNode(one)) });
  }
} finally {
  await server.stop();
}

const tableRow = ({ name, ours, python, node }) => `| ${name} | ${ours} | ${python} | ${node} |`;
const text = await readFile(page, "utf8");
const [head, rest] = text.split(/(?<=\| --- \| --- \| --- \| --- \|\n)/);
const documentedRows = rest.split("\n\n", 1)[0].split("\n");
if (process.argv.includes("--write")) {
  await writeFile(page, `${head}${rows.map(tableRow).join("\n")}${rest.slice(documentedRows.join("\n").length)}`);
}
let passed = 0;
const problems = [];
rows.forEach((row, index) => {
  const isTooLenient = row.ours === "accepted" && !(row.python === "accepted" && row.node === "accepted");
  if (isTooLenient) problems.push(`we accept what one of Stripe's libraries refuses: ${tableRow(row)}`);
  else if (tableRow(row) !== documentedRows[index]) problems.push(`measured:   ${tableRow(row)}\ndocumented: ${documentedRows[index]}`);
  else passed++;
});
for (const row of documentedRows.slice(rows.length)) problems.push(`the document has a row without a case: ${row}`);
console.log(problems.join("\n"));
console.log(`${passed} passed, ${problems.length} failed`);
process.exitCode = problems.length ? 1 : 0;
