import assert from "node:assert/strict";
import { test } from "node:test";
import { ownAddress } from "../src/checkout";
import { outcomeOf } from "../src/token";
import { buttonPhrase } from "../src/words";

test("each answer about a payment is told apart", () => {
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

test("silence, trouble and hurry say nothing about a payment", () => {
  assert.equal(outcomeOf(undefined, {}).state, "unknown");
  assert.equal(outcomeOf(503, {}).state, "unknown");
  assert.equal(outcomeOf(429, {}).state, "unknown");
  assert.equal(outcomeOf(200, {}).state, "unknown");
});

test("the way back carries the page's own query and nothing of ours", () => {
  assert.equal(ownAddress("https://j.example/a?page=2&keepopen_session=cs_1#talk"), "https://j.example/a?page=2");
});

test("the gift stands in the button's words where they leave room, else after them", () => {
  assert.equal(buttonPhrase("Support us with {gift}", "€10 a month"), "Support us with €10 a month");
  assert.equal(buttonPhrase("Support us", "€10 a month"), "Support us · €10 a month");
});
