import assert from "node:assert/strict";
import { test } from "node:test";
import { isDark } from "../src/tone";

test("a colour is recognised as dark or light in rgb, rgba and color(srgb)", () => {
  for (const color of ["rgb(20, 22, 26)", "rgba(0, 0, 0, 0.8)", "color(srgb 0.1 0.1 0.12)", "rgb(90, 20, 20)"]) assert.equal(isDark(color), true, color);
  for (const color of ["rgb(255, 255, 255)", "color(srgb 0.96 0.95 0.9 / 1)", "rgb(251, 243, 224)", ""]) assert.equal(isDark(color), false, color);
});
