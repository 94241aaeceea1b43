// Compares what a block printed with what the page says.
import assert from "node:assert/strict";

const ANY = "…";

/** Throws when `printed` is not what the block says. */
export function compare(block, printed) {
  if (block.language === "json") {
    let value;
    try {
      value = JSON.parse(printed);
    } catch {
      assert.fail(`this is no JSON: ${printed}`);
    }
    const wrong = differences(JSON.parse(block.text), value);
    assert.deepEqual(wrong, [], JSON.stringify(value, null, 2));
  } else if (!fits(block.text, printed)) {
    assert.fail(`expected:\n${block.text}\nprinted:\n${printed}`);
  }
}

/** Whether text is as expected; `…` stands for anything. */
export function fits(expected, text) {
  const plain = expected.trim().split(ANY).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${plain.join("[^]*?")}$`).test(text.trim());
}

/** What is wrong with a value, one sentence for each place. */
export function differences(expected, value, at = "$") {
  if (typeof expected === "string" && expected.includes(ANY)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return fits(expected, text ?? "") ? [] : [`${at} is ${text}, not ${expected}`];
  }
  if (expected === null || typeof expected !== "object") {
    return expected === value ? [] : [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
  }
  if (value === null || typeof value !== "object" || Array.isArray(expected) !== Array.isArray(value)) {
    return [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
  }
  const wrong = [];
  const more = ANY in expected || (Array.isArray(expected) && expected.at(-1) === ANY);
  for (const name of Object.keys(expected)) {
    if (name === ANY || (more && expected[name] === ANY && Array.isArray(expected))) continue;
    if (name in value) wrong.push(...differences(expected[name], value[name], `${at}.${name}`));
    else wrong.push(`${at}.${name} is missing`);
  }
  const unsaid = Object.keys(value).filter((name) => !(name in expected));
  if (!more && unsaid.length) wrong.push(`${at} also has ${unsaid.join(", ")}`);
  return wrong;
}
