import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, steps } from "./blocks.mjs";
import { compare, differences, fits } from "./expected.mjs";

const fence = (info, text) => "```" + `${info}\n${text}\n` + "```\n";

test("a block knows its language, what it says of itself, and its text", () => {
  const [block] = blocks("Words.\n\n" + fence('sh start until="it answers" file=a.txt', "keepopen serve"));
  assert.equal(block.line, 3);
  assert.equal(block.language, "sh");
  assert.deepEqual(block.says, { start: true, until: "it answers", file: "a.txt" });
  assert.equal(block.text, "keepopen serve\n");
});

test("an expectation goes with the block above it", () => {
  const [step] = steps(fence("sh run", "echo a") + "which prints\n\n" + fence("text", "a"));
  assert.equal(step.expected.text, "a\n");
});

test("a block that nobody runs fails the page", () => {
  for (const page of [fence("sh", "echo a"), fence("text", "a"), fence("python", "1"), fence("sh run", "echo") + fence("text", "") + fence("text", ""), "~~~sh\na\n~~~\n", "    echo a\n", "  ```sh run\n  a\n  ```\n", "```sh run\nno end\n"]) {
    assert.throws(() => steps(page), undefined, page);
  }
});

test("three dots stand for anything, and the rest for itself", () => {
  assert.ok(fits("a … c\n", "a b c") && fits("a.c", "a.c") && fits("…", "two\nlines"));
  assert.ok(!fits("a.c", "abc") && !fits("a", "a b") && !fits("a … c", "a b"));
});

test("JSON is compared by its meaning, down to fields that nobody mentioned", () => {
  const says = (expected, value) => differences(JSON.parse(expected), JSON.parse(value)).length;
  assert.equal(says('{"a": 1, "b": ["x"]}', '{"b":["x"],"a":1}'), 0);
  assert.equal(says('{"a": "sup_…"}', '{"a":"sup_1"}'), 0);
  assert.equal(says('{"a": 1, "…": "…"}', '{"a":1,"b":2}'), 0);
  assert.equal(says('{"a": null}', '{"a":null}'), 0);
  assert.equal(says('{"a": ["…"]}', '{"a":[1,2]}'), 0);
  assert.equal(says('{"a": 1}', '{"a":1,"b":2}'), 1);
  assert.equal(says('{"a": 1, "b": 2, "…": "…"}', '{"a":1}'), 1);
  assert.equal(says('{"a": 1}', '{"a":"1"}'), 1);
  assert.equal(says('{"a": "sup_…"}', '{"a":"con_1"}'), 1);
  assert.equal(says('{"a": [1]}', '{"a":{"0":1}}'), 1);
  assert.throws(() => compare({ language: "json", text: "{}" }, "no JSON"));
});
