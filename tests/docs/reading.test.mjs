// Tests `blocks.mjs`, which reads the pages, and `expected.mjs`, which compares outputs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, steps } from "./blocks.mjs";
import { compare, differences, matches } from "./expected.mjs";

const fence = (info, text) => "```" + `${info}\n${text}\n` + "```\n";

test("a fenced block is read with its line, language, attributes and text", () => {
  const [block] = blocks("Words.\n\n" + fence('sh start until="it answers" file=a.txt', "keepopen serve"));
  assert.equal(block.line, 3);
  assert.equal(block.language, "sh");
  assert.deepEqual(block.attributes, { start: true, until: "it answers", file: "a.txt" });
  assert.equal(block.text, "keepopen serve\n");
});

test("an expected output belongs to the block above it", () => {
  const [step] = steps(fence("sh run", "echo a") + "which prints\n\n" + fence("text", "a"));
  assert.equal(step.expected.text, "a\n");
});

test("a page with a block that the test can't use is rejected", () => {
  for (const page of [fence("sh", "echo a"), fence("text", "a"), fence("python", "1"), fence("sh run", "echo") + fence("text", "") + fence("text", ""), "~~~sh\na\n~~~\n", "    echo a\n", "  ```sh run\n  a\n  ```\n", "```sh run\nno end\n"]) {
    assert.throws(() => steps(page), undefined, page);
  }
});

test("… matches any text, and other characters match only themselves", () => {
  assert.ok(matches("a … c\n", "a b c") && matches("a.c", "a.c") && matches("…", "two\nlines"));
  assert.ok(!matches("a.c", "abc") && !matches("a", "a b") && !matches("a … c", "a b"));
});

test("JSON is compared by value, and an unexpected field is a difference", () => {
  const count = (expected, value) => differences(JSON.parse(expected), JSON.parse(value)).length;
  assert.equal(count('{"a": 1, "b": ["x"]}', '{"b":["x"],"a":1}'), 0);
  assert.equal(count('{"a": "sup_…"}', '{"a":"sup_1"}'), 0);
  assert.equal(count('{"a": 1, "…": "…"}', '{"a":1,"b":2}'), 0);
  assert.equal(count('{"a": null}', '{"a":null}'), 0);
  assert.equal(count('{"a": ["…"]}', '{"a":[1,2]}'), 0);
  assert.equal(count('{"a": 1}', '{"a":1,"b":2}'), 1);
  assert.equal(count('{"a": 1, "b": 2, "…": "…"}', '{"a":1}'), 1);
  assert.equal(count('{"a": 1}', '{"a":"1"}'), 1);
  assert.equal(count('{"a": "sup_…"}', '{"a":"con_1"}'), 1);
  assert.equal(count('{"a": [1]}', '{"a":{"0":1}}'), 1);
  assert.throws(() => compare({ language: "json", text: "{}" }, "not JSON"));
});
