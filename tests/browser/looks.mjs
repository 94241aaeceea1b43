// Tests how an appeal fits into the page around it: colours, direction, space, focus, and what screen readers announce.
// Run: node --test tests/browser/looks.mjs. `pictures.mjs` takes screenshots for visual review.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { settled } from "./browser.mjs";
import { APPEAL } from "./fake.mjs";
import { ARABIC, openArticle } from "./fixtures.mjs";
import { fake, countShown, story } from "./story.mjs";

const axe = await readFile(createRequire(new URL("../../web/package.json", import.meta.url)).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
/** The usual appeal, with a card fee, a suggested amount and a ticker (how much has been raised). */
const FULL = {
  ...APPEAL,
  content: {
    ...APPEAL.content,
    choices: { ...APPEAL.content.choices, fee_cover: { per_million: 15000, fixed_minor: 25 }, step_minor: 1, highlighted: { interval: "month", amount_minor: 1000 } },
    ticker: { counts: "money", total: 128_300, goal: 200_000, percent: 64, currency: "EUR", minor_digits: 2, as_of: "2026-11-24T09:00:00Z" },
  },
};
const ARABIC_APPEAL = { ...FULL, content: { ...FULL.content, ...ARABIC } };

const panel = (reader) => reader.page.locator("keepopen-appeal .panel");
/** Returns the panel's position after its animation. */
const panelBox = (reader) =>
  panel(reader).evaluate(async (element) => {
    await Promise.all(element.getAnimations().map((animation) => animation.finished));
    const { top, bottom, height } = element.getBoundingClientRect();
    return { top, bottom, height };
  });
const style = (locator, name) => locator.evaluate((element, name) => getComputedStyle(element)[name], name);
/** The lightness of a computed colour, from 0 (black) to 1 (white). */
const lightness = (color) => {
  const [r, g, b] = color.match(/[( ][\d.]+/g).map((number) => Number(number.slice(1)) / (color.startsWith("rgb") ? 255 : 1));
  return r * 0.3 + g * 0.59 + b * 0.11;
};

/** Returns the colour on the screen near the left edge of an element, at half its height. */
async function screenColor(reader, locator) {
  await panelBox(reader);
  const picture = (await locator.screenshot()).toString("base64");
  return reader.page.evaluate(async (picture) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(8, image.height / 2, 1, 1).data].slice(0, 3);
  }, picture);
}

/** Returns the problems that axe, an accessibility checker, finds in the appeal. */
async function axeViolations(reader) {
  await panelBox(reader);
  await reader.page.evaluate(axe);
  const { violations } = await reader.page.evaluate(() => window.axe.run({ include: ["keepopen-appeal"] }, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
}

for (const [size, options] of [["desktop", {}], ["phone", PHONE]]) {
  for (const mode of ["light", "dark", "rtl"]) {
    story(`axe finds no problem in an appeal, its thanks and its notes: ${size}, ${mode}`, options, async (reader) => {
      fake.verdict = mode === "rtl" ? ARABIC_APPEAL : FULL;
      for (const surface of ["banner", "inline", "wall"]) {
        fake.verdict = { ...fake.verdict, surface };
        await openArticle(reader, fake, { mode, surface });
        assert.deepEqual(await axeViolations(reader), [], surface);
        if (await reader.hook("more").isVisible()) await reader.hook("more").click();
        await reader.hook("other").click();
        await reader.hook("give").click();
        assert.deepEqual(await axeViolations(reader), [], `${surface}, with an error message`);
      }
      for (const way of ["#pay-bank", "#pay-card"]) {
        fake.verdict = { ...fake.verdict, surface: "banner" };
        await reader.page.evaluate(() => localStorage.clear());
        await openArticle(reader, fake, { mode });
        await reader.hook("give").click();
        await reader.page.locator(way).click();
        await settled(reader);
        assert.deepEqual(await axeViolations(reader), [], way);
      }
    });
  }
}

for (const [size, options] of [["desktop", {}], ["phone", PHONE]]) {
  story(`an Arabic appeal is mirrored and contains no English word: ${size}`, options, async (reader) => {
    fake.verdict = ARABIC_APPEAL;
    for (const surface of ["banner", "inline"]) {
      fake.verdict = { ...ARABIC_APPEAL, surface };
      await openArticle(reader, fake, { mode: "rtl", surface });
      if (await reader.hook("more").isVisible()) await reader.hook("more").click();
      const [heading, close] = [await reader.hook("heading").boundingBox(), await reader.hook("close").boundingBox()];
      const range = await reader.hook("heading").evaluate((element) => {
        const contents = document.createRange();
        contents.selectNodeContents(element);
        const { left, right } = contents.getBoundingClientRect();
        return { left, right };
      });
      assert.ok(close.x + close.width <= range.left, `${surface}: the close button must be left of the heading's text`);
      assert.ok(heading.x >= 0, `${surface}: the heading must be inside the window`);
      const texts = await panel(reader).evaluate((element) => [element.innerText, ...[...element.querySelectorAll("*")].flatMap((one) => [one.title, one.getAttribute("aria-label") ?? ""])].join("\n"));
      assert.deepEqual(texts.match(/[A-Za-z]+/g), ["Stripe"], `${surface}: the only Latin letters must be the name Stripe`);
    }
    await reader.hook("close").click();
    await reader.hook("say").getByText(/./).waitFor();
    assert.deepEqual((await reader.hook("say").textContent()).match(/[A-Za-z]+/g), null);
  });
}

story("an English gift in right-to-left text keeps its own direction", {}, async (reader) => {
  // Neither the script nor the browser supports Sorani, so a Sorani text contains an English gift.
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "ckb", cta: "یارمەتیمان بدەن بە {gift} ئێستا" } };
  await openArticle(reader, fake, { mode: "rtl" });
  const [amountLeft, monthLeft, soraniLeft] = await reader.hook("give").evaluate((button) => {
    const [text] = button.childNodes;
    const leftOf = (words) => {
      const range = document.createRange();
      range.setStart(text, text.data.indexOf(words));
      range.setEnd(text, text.data.indexOf(words) + words.length);
      return range.getBoundingClientRect().left;
    };
    return ["€10", "a month", "یارمەتیمان"].map(leftOf);
  });
  assert.ok(amountLeft < monthLeft && monthLeft < soraniLeft, `from left to right, "€10", "a month" and the Sorani word must follow each other, but are at ${amountLeft}, ${monthLeft} and ${soraniLeft}`);
});

story("the choices are named groups, and an error marks the field that is wrong", {}, async (reader) => {
  fake.verdict = FULL;
  await openArticle(reader, fake);
  const { page } = reader;
  assert.deepEqual(await page.getByRole("group", { name: "How often" }).getByRole("radio").count(), 3);
  assert.deepEqual(await page.getByRole("group", { name: "How much" }).getByRole("radio").count(), 4);
  assert.equal(await page.getByRole("radio", { name: "€10 Suggested" }).isChecked(), true);
  assert.equal(await page.getByRole("region", { name: "We need your help now" }).count(), 1);
  await page.getByRole("radio", { name: "Other" }).check();
  const ownAmount = page.getByRole("textbox", { name: "Your amount" });
  await ownAmount.fill("ten");
  await page.getByRole("button", { name: "Support us" }).click();
  await page.getByRole("alert").getByText("Enter an amount").waitFor();
  assert.equal(await ownAmount.getAttribute("aria-invalid"), "true");
  assert.equal(await ownAmount.evaluate((field) => field.getRootNode().activeElement === field), true);
  await ownAmount.fill("10");
  assert.equal(await ownAmount.getAttribute("aria-invalid"), null);
});

story("an English appeal on an Arabic page keeps its own direction", {}, async (reader) => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "en" } };
  await openArticle(reader, fake, { mode: "rtl" });
  assert.equal(await style(panel(reader), "direction"), "ltr");
});

story("the times and dates of an Irish appeal contain no English word", {}, async (reader) => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "ga" } };
  await openArticle(reader, fake);
  assert.equal(await reader.hook("later").textContent(), "Fiafraigh díom i gceann 3 lá");
  await reader.hook("interval-once").click();
  await reader.hook("give").click();
  await reader.page.locator("#pay-card").click();
  await settled(reader);
  assert.match(await reader.hook("gift").textContent(), /^€15 · \d{4}-\d\d-\d\d\. Ní iarrfaimid arís ort go ceann 3 mhí\.$/);
});

story("an appeal in a language that is not built in uses the page's own sentences", {}, async (reader) => {
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, locale: "cy" } };
  const words = { cy: { later: "Gofynnwch eto {when}", already: "Rwy’n eich cefnogi’n barod", intervals: { once: "Unwaith", month: "Misol", year: "Blynyddol" } } };
  await openArticle(reader, fake, { place: `<script type="application/json" id="keepopen-words">${JSON.stringify(words)}</script>` });
  assert.equal(await reader.hook("later").textContent(), "Not today", "this browser has no Welsh times, so the button must not name a time");
  Object.assign(words.cy, { in: "ymhen {time}", units: { day: "{n} diwrnod", week: "{n} wythnos", month: "{n} mis", year: "{n} blynedd" } });
  await openArticle(reader, fake, { place: `<script type="application/json" id="keepopen-words">${JSON.stringify(words)}</script>` });
  assert.equal(await reader.hook("later").textContent(), "Gofynnwch eto ymhen 3 diwrnod");
  assert.equal(await reader.hook("interval-month").textContent(), "Misol");
  assert.equal(await panel(reader).getAttribute("lang"), "cy");
});

story("an appeal follows a page that switches between light and dark", {}, async (reader) => {
  await openArticle(reader, fake, { style: ".night { background: #101418; color: #eee }" });
  const background = () => style(panel(reader), "backgroundColor");
  const ink = () => style(panel(reader), "color");
  assert.ok(lightness(await background()) > 0.9 && lightness(await ink()) < 0.2, "on the light page, the panel must be light and its text dark");
  await reader.page.evaluate(() => document.body.classList.add("night"));
  await reader.page.waitForFunction(() => document.querySelector("keepopen-appeal").shadowRoot.querySelector(".panel.dark"));
  assert.ok(lightness(await background()) < 0.25 && lightness(await ink()) > 0.8, "on the dark page, the panel must be dark and its text light");
  await reader.page.evaluate(() => document.body.classList.remove("night"));
  await reader.page.waitForFunction(() => !document.querySelector("keepopen-appeal").shadowRoot.querySelector(".panel.dark"));
  assert.ok(lightness(await background()) > 0.9, "after the page has become light again, the panel must be light");
});

story("an appeal also follows a page that lets the browser choose between light and dark", { colorScheme: "dark" }, async (reader) => {
  await openArticle(reader, fake, { style: ":root { color-scheme: light dark }" });
  assert.ok(lightness(await style(panel(reader), "backgroundColor")) < 0.25);
  await reader.page.emulateMedia({ colorScheme: "light" });
  await reader.page.waitForFunction(() => !document.querySelector("keepopen-appeal").shadowRoot.querySelector(".panel.dark"));
  assert.ok(lightness(await style(panel(reader), "backgroundColor")) > 0.9);
});

story("an appeal on a light page stays light even if the system is dark", { colorScheme: "dark" }, async (reader) => {
  await openArticle(reader, fake);
  assert.ok(lightness(await style(panel(reader), "backgroundColor")) > 0.9);
});

story("a wall fades into the page's own colour", {}, async (reader) => {
  fake.verdict = { ...APPEAL, surface: "wall" };
  await openArticle(reader, fake, { mode: "dark", surface: "wall" });
  const fade = await panel(reader).evaluate((element) => getComputedStyle(element, "::before").backgroundImage);
  assert.match(fade, /rgb\(20, 22, 26\)/);
});

story("with forced colours, the chosen options and the button look different from the rest", { forcedColors: "active" }, async (reader) => {
  await openArticle(reader, fake);
  // Compare colours on the screen: computed styles still have the colours of the style sheet.
  const background = (name) => screenColor(reader, reader.hook(name));
  for (const [chosen, other] of [["amount-1000", "amount-500"], ["interval-month", "interval-once"]]) {
    const [one, another] = [await background(chosen), await background(other)];
    assert.ok(one.some((part, place) => Math.abs(part - another[place]) > 60), `the colours of ${chosen} and ${other} must differ, but are ${one} and ${another}`);
  }
  // Check the button as it is at first, and while the pointer is over it.
  for (const prepare of [async () => {}, () => reader.hook("give").hover()]) {
    await prepare();
    const [button, text, panelColor] = [await style(reader.hook("give"), "backgroundColor"), await style(reader.hook("give"), "color"), await style(panel(reader), "backgroundColor")];
    assert.ok(button !== panelColor && button !== text, "the button must have another colour than its text and the panel");
    assert.equal(lightness(button), 0, "the button must have a system colour, not the accent colour");
  }
});

story("the script shows no appeal in a hidden element, and does not ask for that element's surface", {}, async (reader) => {
  fake.verdict = { ...APPEAL, surface: "inline" };
  const hidden = '<div style="display: none"><keepopen-appeal surface="inline" id="hidden"></keepopen-appeal></div>';
  await openArticle(reader, fake, { place: `${hidden}<keepopen-appeal surface="inline" id="seen"></keepopen-appeal>` });
  assert.equal(await reader.page.locator("#seen [data-test=heading]").count(), 1);
  assert.equal(await reader.page.locator("#hidden [data-test=heading]").count(), 0);
  await openArticle(reader, fake, { place: hidden });
  assert.deepEqual(fake.requestsTo("/v1/banner").at(-1).body.surfaces, ["banner"]);
  assert.equal(await countShown(reader), 0);
  const questionCount = fake.requestsTo("/v1/banner").length;
  await openArticle(reader, fake, { place: '<keepopen-appeal surface="banner" style="visibility: hidden"></keepopen-appeal>' });
  assert.equal(fake.requestsTo("/v1/banner").length, questionCount, "the script must not ask if the page hides its only element for an appeal");
});

/**
 * Opens the article and delays the verdict until `beforeVerdict` has run. Returns a function that gives the page's
 * layout shift.
 */
async function openDelayed(reader, options, beforeVerdict = async () => {}) {
  let respond;
  const asked = new Promise((ask) => reader.page.route("**/v1/banner", (route) => (respond = () => route.continue(), ask())));
  await reader.page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  fake.pages["/bare.html"] ??= "";
  const opened = openArticle(reader, fake, options);
  await asked;
  await beforeVerdict();
  await respond();
  await opened;
  await panelBox(reader);
  return () => reader.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.shift)))));
}

for (const [size, options] of [["desktop", {}], ["phone", PHONE]]) {
  for (const edge of ["top", "bottom"]) {
    story(`a banner at the ${edge} edge moves nothing when it appears: ${size}`, options, async (reader) => {
      const shift = await openDelayed(reader, { edge });
      const { top, bottom } = await panelBox(reader);
      assert.ok(top < 844 && bottom > 0, "the banner must be visible");
      assert.ok((await shift()) < 0.05, `the layout shift is ${await shift()}`);
      await reader.page.mouse.wheel(0, 1500);
      await reader.page.waitForFunction(() => scrollY > 400);
      assert.ok((await shift()) < 0.05, `the layout shift after scrolling down is ${await shift()}`);
      await reader.page.evaluate(() => scrollTo(0, 0));
      assert.ok((await shift()) < 0.05, `the layout shift after scrolling back is ${await shift()}`);
    });
  }
}

story("a banner at the top edge takes up space of its own after the reader has scrolled past it, until it is closed", {}, async (reader) => {
  await openArticle(reader, fake, { edge: "top" });
  const mast = reader.page.locator(".mast");
  assert.ok((await mast.boundingBox()).y < (await panelBox(reader)).bottom, "at first, the banner must cover the top of the page");
  await reader.page.mouse.wheel(0, 1500);
  await reader.page.waitForFunction(() => document.querySelector("keepopen-appeal").offsetHeight > 0);
  await reader.page.evaluate(() => scrollTo(0, 0));
  assert.ok((await mast.boundingBox()).y >= (await panelBox(reader)).bottom, "after scrolling, the banner must have its own space above the page");
  await reader.hook("close").click();
  assert.ok((await mast.boundingBox()).y < 40, "after the banner is closed, its space must be gone");
});

story("a banner that appears late at the top edge does not move what the reader is reading", {}, async (reader) => {
  let before;
  const paragraph = reader.page.locator("#link-6");
  const shift = await openDelayed(reader, { edge: "top" }, async () => {
    await paragraph.evaluate((element) => element.scrollIntoView({ behavior: "instant" }));
    before = await paragraph.boundingBox();
  });
  assert.ok((await panelBox(reader)).bottom <= 0, "the banner must be above the visible part of the page");
  assert.equal(Math.round((await paragraph.boundingBox()).y), Math.round(before.y));
  assert.ok((await shift()) < 0.05, `the layout shift is ${await shift()}`);
});

for (const [size, options] of [["desktop", { viewport: { width: 1280, height: 700 } }], ["phone", PHONE]]) {
  for (const edge of ["top", "bottom"]) {
    story(`the banner never covers the element that has the focus: ${edge}, ${size}`, options, async (reader) => {
      await openArticle(reader, fake, { edge });
      await panelBox(reader);
      for (let presses = 0; presses < 14; presses++) {
        await reader.page.keyboard.press("Tab");
        // True if nothing covers the focused element, and otherwise the name and the position of that element.
        const seen = await reader.page.evaluate(() => {
          const active = document.activeElement;
          if (active.localName !== "a") return true;
          const { left, top, bottom, width } = active.getClientRects()[0];
          return [top + 1, bottom - 1].every((y) => document.elementFromPoint(left + width / 2, y) === active) || [active.id || active.hash, top, bottom];
        });
        assert.equal(seen, true, "the focused element must not be covered");
      }
    });
  }
}

story("the reader can read the end of the article while the banner shows, and closing the banner removes the extra space", PHONE, async (reader) => {
  await openArticle(reader, fake);
  const end = await reader.page.evaluate(() => {
    scrollTo(0, document.body.scrollHeight);
    return document.getElementById("end").getBoundingClientRect().bottom;
  });
  assert.ok(end <= (await panelBox(reader)).top, "the end of the article must be above the banner");
  await reader.hook("more").click();
  await reader.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const room = await reader.page.evaluate(() => [parseFloat(getComputedStyle(document.body).paddingBottom), parseFloat(document.documentElement.style.scrollPaddingBottom)]);
  const { height } = await panelBox(reader);
  assert.ok(room.every((pixels) => pixels >= height), `the paddings ${room} must be at least the banner's height ${height}`);
  await reader.hook("close").click();
  assert.deepEqual(await reader.page.evaluate(() => [getComputedStyle(document.body).paddingBottom, document.documentElement.style.scrollPaddingBottom]), ["16px", ""]);
});

story("Escape in the page's own field or dialog does not close the appeal", {}, async (reader) => {
  await openArticle(reader, fake, { place: '<input id="field"><dialog id="dialog">Hello</dialog>' });
  await reader.page.locator("#field").focus();
  await reader.page.keyboard.press("Escape");
  assert.equal(await countShown(reader), 1);
  await reader.page.evaluate(() => (document.activeElement.blur(), document.getElementById("dialog").showModal(), document.activeElement?.blur()));
  await reader.page.keyboard.press("Escape");
  assert.equal(await countShown(reader), 1);
  assert.equal(await reader.page.locator("#dialog").isVisible(), false);
  await reader.page.keyboard.press("Escape");
  assert.equal(await countShown(reader), 0);
});

story("when the appeal is closed, the focus returns to where it was", {}, async (reader) => {
  await openArticle(reader, fake);
  await reader.page.locator("#link-9").focus();
  await reader.page.keyboard.press("Tab");
  assert.equal(await reader.page.evaluate(() => document.activeElement.localName), "keepopen-appeal");
  await reader.page.keyboard.press("Escape");
  assert.equal(await countShown(reader), 0);
  assert.equal(await reader.page.evaluate(() => document.activeElement.id), "link-9");
});

story("each button that dismisses the appeal says for how long the reader won't be asked, before and after the button is pressed", {}, async (reader) => {
  const press = async (name) => {
    await openArticle(reader, fake);
    await reader.hook(name).click();
    await reader.hook("say").getByText(/./).waitFor();
    return reader.hook("say").textContent();
  };
  await openArticle(reader, fake);
  assert.equal(await reader.hook("close").innerText(), "Not now\nfor 2 weeks\n×");
  assert.equal(await reader.hook("later").textContent(), "Ask me in 3 days");
  assert.equal(await reader.hook("already").getAttribute("title"), "Thank you for your support. We won’t ask you on this device for 1 year.");
  assert.equal(await press("close"), "We won’t show this again for 2 weeks.");
  assert.equal(await press("later"), "We’ll ask you again in 3 days.");
  assert.equal(await press("already"), "Thank you for your support. We won’t ask you on this device for 1 year.");
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, quiet_days: { close: 7, later: 1, already_gave: 90, gift: 30 } } };
  assert.equal(await press("close"), "We won’t show this again for 1 week.");
  assert.equal(await press("already"), "Thank you for your support. We won’t ask you on this device for 3 months.");
  fake.verdict = { ...APPEAL, content: { ...APPEAL.content, quiet_days: undefined } };
  await openArticle(reader, fake);
  assert.equal(await reader.hook("later").textContent(), "Not today", "if the verdict does not say for how long, the button must not name a time");
});

story("the thanks name the gift, its date, and for how long the reader won't be asked; screen readers announce the thanks", {}, async (reader) => {
  const gift = async (interval) => {
    await reader.page.evaluate(() => localStorage.clear()).catch(() => {});
    await openArticle(reader, fake);
    await reader.hook(`interval-${interval}`).click();
    await reader.hook("give").click();
    await reader.page.locator("#pay-card").click();
    await settled(reader);
    return (await reader.hook("gift").textContent()).replace(/ · .*?\. /, " · DATE. ");
  };
  assert.equal(await gift("once"), "€15 · DATE. We won’t ask you again for 3 months.");
  assert.equal(await gift("month"), "€10 a month · DATE. We won’t ask you again while you give.");
  await reader.hook("say").getByText("Thank you").waitFor({ state: "attached" });
  assert.equal(await reader.hook("say").getAttribute("role"), "status");
});

for (const [size, viewport, maxShare] of [
  ["a phone", { width: 390, height: 844 }, 240 / 844],
  ["a phone in landscape", { width: 844, height: 390 }, 0.45],
  ["a window at 400 percent", { width: 320, height: 225 }, 0.6],
]) {
  story(`at first, a banner covers little of ${size}`, { viewport }, async (reader) => {
    fake.verdict = FULL;
    await openArticle(reader, fake);
    const { height } = await panelBox(reader);
    assert.ok(height <= maxShare * viewport.height, `the banner covers ${height} of ${viewport.height} pixels`);
    assert.equal(await reader.hook("give").isVisible() && (await reader.hook("close").isVisible()), true);
    await reader.hook("more").click();
    assert.equal(await reader.hook("more").getAttribute("aria-expanded"), "true");
    await reader.hook("interval-once").scrollIntoViewIfNeeded();
    assert.equal(await reader.hook("interval-once").isVisible(), true);
  });
}

story("a banner is as wide as its column, not as the window", {}, async (reader) => {
  await openArticle(reader, fake, { place: '<div style="width: 300px"><keepopen-appeal surface="banner" data-edge="top"></keepopen-appeal></div>' });
  const box = await panel(reader).boundingBox();
  assert.equal(box.width, 300);
  assert.equal(await panel(reader).evaluate((element) => element.scrollWidth <= element.clientWidth), true);
  assert.equal(await reader.hook("more").isVisible(), true);
  const tops = await reader.page.locator("keepopen-appeal .amounts .choice").evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
  assert.equal(new Set(tops).size, 2, "the amounts must be in two rows");
  assert.equal(tops.filter((top) => top === tops[0]).length, 2, "the first row must have two amounts");
});
