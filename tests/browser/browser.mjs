// One headless Chromium for the browser tests, and small helpers that speak of what a reader sees.
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
 * A reader with an empty browser. `reader.complaints` fills with errors and warnings that the page let out; the browser's own note
 * of an answer that was not a 2xx is none of them.
 */
export async function newReader(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource") && complaints.push(message.text()));
  const hook = (name) => page.locator(`keepopen-appeal [data-test="${name}"]`);
  return { context, page, complaints, hook, leave: () => context.close() };
}

/** Opens a page and waits until the script has asked and heard, or has settled an earlier gift. */
export async function open(reader, url) {
  await reader.page.goto(url, { waitUntil: "load" });
  await settled(reader);
}

/** Waits until nothing is under way on the network: the script's questions are answered, one way or the other. */
export async function settled(reader) {
  await reader.page.waitForLoadState("networkidle");
}

/** A picture for the eye, where `SHOTS` names a folder. */
export async function shot(reader, name, options = {}) {
  if (!process.env.SHOTS) return;
  await mkdir(process.env.SHOTS, { recursive: true });
  await reader.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), ...options });
}
