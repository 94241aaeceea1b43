import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanAddress } from "../src/checkout";
import { outcomeOf } from "../src/token";
import { buttonPhrase } from "../src/words";

test("each response of the service is translated to the right state of the payment", () => {
  const state = (status: number | undefined, body: Record<string, unknown>) => outcomeOf(status, body).state;
  assert.equal(state(200, { token: "eyJ", standing: "recurring" }), "paid");
  assert.equal(state(409, { code: "payment_processing" }), "processing");
  assert.equal(state(409, { code: "payment_failed" }), "failed");
  assert.equal(state(409, { code: "payment_unpaid" }), "open");
  assert.equal(state(409, { code: "session_expired" }), "over");
  assert.equal(state(409, { code: "already_exchanged" }), "over");
  assert.equal(state(409, { code: "payment_reversed" }), "over");
  assert.equal(state(409, { code: "token_window_expired" }), "late");
  assert.equal(state(403, { code: "something_new" }), "refused");
});

test("no response, an error, and a rate limit leave the payment's state unknown", () => {
  assert.equal(outcomeOf(undefined, {}).state, "unknown");
  assert.equal(outcomeOf(503, {}).state, "unknown");
  assert.equal(outcomeOf(429, {}).state, "unknown");
  assert.equal(outcomeOf(200, {}).state, "unknown");
});

test("the return URL keeps the page's own query and has none of the script's parameters", () => {
  assert.equal(cleanAddress("https://j.example/a?page=2&keepopen_session=cs_1#talk"), "https://j.example/a?page=2");
});

test("the gift replaces {gift} in the button's text, and is added after a text without {gift}", () => {
  assert.equal(buttonPhrase("Support us with {gift}", "€10 a month"), "Support us with €10 a month");
  assert.equal(buttonPhrase("Support us", "€10 a month"), "Support us · €10 a month");
});
