// Takes screenshots of the embed for visual review, on every surface (banner, inline, wall) and in every size and mode
// (light, dark, forced colours, right-to-left). Some pictures are taken in light mode only. Look at all of them after
// you change the styles.
// Run: node tests/browser/pictures.mjs FOLDER [WORD …]
// With words, takes only the screenshots whose file names contain all of them.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, newReader, open, settled } from "./browser.mjs";
import { APPEAL, startFake } from "./fake.mjs";
import { ARABIC, openArticle, GERMAN } from "./fixtures.mjs";

const [folder, ...words] = process.argv.slice(2);
if (!folder) throw new Error("Give a folder outside the repository as the first argument.");
await mkdir(folder, { recursive: true });

const SIZES = {
  "1280": { viewport: { width: 1280, height: 800 } },
  "820": { viewport: { width: 820, height: 1180 } },
  "390": { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  "320": { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  landscape: { viewport: { width: 844, height: 390 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  // A window of 1280 by 900 pixels, zoomed to 400 percent.
  zoomed: { viewport: { width: 320, height: 225 }, deviceScaleFactor: 4 },
};
const MODES = {
  light: {},
  dark: { colorScheme: "dark" },
  forced: { forcedColors: "active" },
  rtl: {},
};
/** The usual appeal, with a card fee and a ticker (how much has been raised). */
const FULL = {
  ...APPEAL,
  content: {
    ...APPEAL.content,
    choices: { ...APPEAL.content.choices, fee_cover: { per_million: 15000, fixed_minor: 25 }, step_minor: 1 },
    ticker: { counts: "money", total: 128_300, goal: 200_000, percent: 64, currency: "EUR", minor_digits: 2, from: "2026-11-01", as_of: "2026-11-24T09:00:00Z" },
  },
};

const browser = await launch();
const fake = await startFake();

/** Opens a new page, lets `prepare` bring it into the wanted state, and takes a screenshot. */
async function takePicture(name, size, mode, prepare) {
  const file = `${name}-${size}-${mode}`;
  if (words.length && !words.every((word) => file.includes(word))) return;
  const reader = await newReader(browser, { ...SIZES[size], ...MODES[mode] });
  fake.verdict = mode === "rtl" ? { ...FULL, content: { ...FULL.content, ...ARABIC } } : FULL;
  fake.overrides = {};
  try {
    await prepare(reader, mode);
    await reader.page.evaluate(() => Promise.all([...document.querySelectorAll("keepopen-appeal")].flatMap((place) => place.shadowRoot?.querySelector(".panel")?.getAnimations({ subtree: true }) ?? []).map((animation) => animation.finished)));
    await reader.page.screenshot({ path: join(folder, `${file}.png`) });
    console.log(file);
  } finally {
    await reader.leave();
  }
}

/** Makes a `prepare` function that shows the appeal on this surface. */
const showOn = (surface, more = {}) => async (reader, mode) => {
  fake.verdict = { ...fake.verdict, surface };
  await openArticle(reader, fake, { mode, surface, ...more });
  if (surface !== "banner") await reader.hook("heading").evaluate((heading) => heading.closest(".panel").scrollIntoView({ block: "center" }));
};

for (const size of Object.keys(SIZES)) {
  for (const mode of Object.keys(MODES)) {
    await takePicture("banner", size, mode, showOn("banner"));
    if (["zoomed", "landscape"].includes(size) && mode !== "light") continue;
    await takePicture("top", size, mode, showOn("banner", { edge: "top" }));
    await takePicture("open", size, mode, async (reader, mode) => {
      await showOn("banner")(reader, mode);
      if (await reader.hook("more").isVisible()) await reader.hook("more").click();
      await reader.hook("other").click();
      await reader.hook("other-amount").fill("ten");
      await reader.hook("give").click();
    });
    await takePicture("inline", size, mode, showOn("inline"));
    await takePicture("wall", size, mode, showOn("wall"));
    await takePicture("thanks", size, mode, async (reader, mode) => {
      await showOn("banner")(reader, mode);
      await reader.hook("give").click();
      await reader.page.locator("#pay-card").click();
      await settled(reader);
    });
    await takePicture("note", size, mode, async (reader, mode) => {
      await showOn("banner")(reader, mode);
      await reader.hook("give").click();
      await reader.page.locator("#pay-bank").click();
      await settled(reader);
    });
    await takePicture("failed", size, mode, async (reader, mode) => {
      await showOn("banner")(reader, mode);
      await reader.hook("give").click();
      await reader.page.locator("#pay-fails").click();
      await settled(reader);
    });
    await takePicture("later", size, mode, async (reader, mode) => {
      await showOn("banner")(reader, mode);
      await reader.hook("close").click();
      await reader.hook("say").getByText(/./).waitFor();
    });
  }
  await takePicture("demo", size, "light", (reader) => open(reader, `${fake.url}/regatta.html`));
  await takePicture("demo-inline", size, "light", async (reader) => {
    fake.verdict = { ...FULL, surface: "inline" };
    await open(reader, `${fake.url}/regatta.html`);
    await reader.hook("heading").evaluate((heading) => heading.closest(".panel").scrollIntoView({ block: "center" }));
  });
  await takePicture("suggested", size, "light", async (reader, mode) => {
    fake.verdict = { ...FULL, content: { ...FULL.content, choices: { ...FULL.content.choices, highlighted: { interval: "month", amount_minor: 2000 } } } };
    await showOn("banner")(reader, mode);
  });
  await takePicture("german", size, "light", async (reader, mode) => {
    fake.verdict = { ...FULL, content: { ...FULL.content, ...GERMAN } };
    await showOn("banner")(reader, mode);
  });
}
await browser.close();
await fake.stop();
