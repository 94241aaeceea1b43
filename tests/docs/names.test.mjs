// Checks that the log lines, events and files that the pages name exist.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

/** Returns the text of all files in these folders. */
function textOf(...folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(`${entry.parentPath ?? entry.path}/${entry.name}`, "utf8")),
  );
  assert.ok(files.length > 10, "the test must find more than 10 files; otherwise it misses most of them");
  return files.join("\n");
}

/** Returns the first column of the table whose header row is `head`. */
function firstColumn(page, head) {
  const [, rest] = read(page).split(`\n${head}\n`);
  const rows = rest.split("\n\n", 1)[0].split("\n").slice(1);
  return rows.map((row) => /^\| `(.+?)` \|/.exec(row)[1]);
}

test("every log line that operating.md explains exists in the source", () => {
  // A page can't show a backtick within code, so remove the backticks from the source. `…` stands for the rest of a
  // line.
  const source = textOf("src").replaceAll("`", "");
  const lines = firstColumn("docs/operating.md", "| line | what it means, and what to do |");
  assert.ok(lines.length > 8, "the table must list more than 8 log lines");
  const asInSource = (line) => (line.endsWith("…") ? `"${line.slice(0, -1)}` : `"${line}"`);
  assert.deepEqual(lines.filter((line) => !source.includes(asInSource(line))), []);
});

test("every event that stripe.md lists exists in the source or the tests", () => {
  const known = textOf("src", "practice/src", "tests/api", "tests/fixtures");
  const events = firstColumn("docs/stripe.md", "| event | what it brings |").flatMap((names) => names.split("`, `"));
  assert.ok(events.length > 12 && new Set(events).size === events.length);
  assert.deepEqual(events.filter((event) => !known.includes(`"${event}"`)), []);
});

test("every file that a page names exists", () => {
  const pages = ["", "docs/"].flatMap((folder) => readdirSync(new URL(folder || ".", root)).map((name) => folder + name).filter((name) => name.endsWith(".md")));
  assert.ok(pages.includes("README.md") && pages.includes("docs/api.md"));
  for (const page of pages) {
    const named = read(page).match(/`(?:docs|src|tests|web|packaging|decision|practice|migrations)\/[^`\s*…]+`/g) ?? [];
    const missing = named.filter((name) => !existsSync(new URL(name.slice(1, -1), root)));
    assert.deepEqual(missing, [], `${page} names files that do not exist`);
  }
});
