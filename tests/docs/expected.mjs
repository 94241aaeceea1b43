// Compares the output of a block with the expected output on the page.
import assert from "node:assert/strict";

const ANY = "…";

/** Throws if `printed` does not match the expected output in the block. */
export function compare(block, printed) {
  if (block.language === "json") {
    let value;
    try {
      value = JSON.parse(printed);
    } catch {
      assert.fail(`the output is not JSON: ${printed}`);
    }
    const problems = differences(JSON.parse(block.text), value);
    assert.deepEqual(problems, [], JSON.stringify(value, null, 2));
  } else if (!matches(block.text, printed)) {
    assert.fail(`expected:\n${block.text}\nprinted:\n${printed}`);
  }
}

/** Whether a text matches `expected`, in which `…` stands for any text. */
export function matches(expected, text) {
  const parts = expected.trim().split(ANY).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*?")}$`).test(text.trim());
}

/** Returns the differences between a value and the expected value, one sentence for each. */
export function differences(expected, value, at = "$") {
  if (typeof expected === "string" && expected.includes(ANY)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return matches(expected, text ?? "") ? [] : [`${at} is ${text}, not ${expected}`];
  }
  if (expected === null || typeof expected !== "object") {
    return expected === value ? [] : [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
  }
  if (value === null || typeof value !== "object" || Array.isArray(expected) !== Array.isArray(value)) {
    return [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
  }
  const problems = [];
  const allowsMore = ANY in expected || (Array.isArray(expected) && expected.at(-1) === ANY);
  for (const name of Object.keys(expected)) {
    if (name === ANY || (allowsMore && expected[name] === ANY && Array.isArray(expected))) continue;
    if (name in value) problems.push(...differences(expected[name], value[name], `${at}.${name}`));
    else problems.push(`${at}.${name} is missing`);
  }
  const unexpected = Object.keys(value).filter((name) => !(name in expected));
  if (!allowsMore && unexpected.length) problems.push(`${at} has unexpected fields: ${unexpected.join(", ")}`);
  return problems;
}
