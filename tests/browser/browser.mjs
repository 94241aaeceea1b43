// Launches a headless Chromium for the browser tests. Has helpers that open a page and find what the reader sees.
import { createRequire } from "node:module";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export function launch(options = {}) {
  return chromium.launch({
    ...options,
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/**
 * Makes a reader with an empty browser. `reader.errors` collects the page's errors and console warnings, except the
 * browser's own messages about a resource that failed to load. `reader.hook` finds an element of the appeal by its
 * `data-test` name.
 */
export async function newReader(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource") && errors.push(message.text()));
  const hook = (name) => page.locator(`keepopen-appeal [data-test="${name}"]`);
  return { context, page, errors, hook, leave: () => context.close() };
}

/** Opens a page and waits until all requests have ended: the script then has the service's responses. */
export async function open(reader, url) {
  await reader.page.goto(url, { waitUntil: "load" });
  await settled(reader);
}

/** Waits until the network is idle: all of the script's requests have ended. */
export async function settled(reader) {
  await reader.page.waitForLoadState("networkidle");
}

/** Takes a screenshot for visual review, if `SHOTS` names a folder. */
export async function takeScreenshot(reader, name, options = {}) {
  if (!process.env.SHOTS) return;
  await mkdir(process.env.SHOTS, { recursive: true });
  await reader.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), ...options });
}
