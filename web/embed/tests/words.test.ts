import assert from "node:assert/strict";
import { test } from "node:test";
import * as languages from "../src/languages";
import { fetchLanguage } from "../src/language";
import { english as checkout } from "../src/checkout";
import { english as preview } from "../src/preview";
import { english as thanks } from "../src/thanks";
import { english as ticker } from "../src/ticker";
import { buttonPhrase, buttonWithoutGift, directionOf, giftPhrase, language, chooseLanguage, words } from "../src/words";

// The build replaces these names with values.
Object.assign(globalThis, { VERSION: "0", LANGUAGES: Object.keys(languages) });

test("only built-in languages are fetched, and a language that cannot be fetched counts as missing", async () => {
  const part = async (tag: string) => {
    if (tag === "fr") throw new Error("gone");
    return { default: tag } as never;
  };
  for (const locale of ["de-AT", "DE", "de_CH"]) assert.deepEqual(await fetchLanguage({ part }, locale), { tag: "de", words: "de" });
  for (const locale of ["cy", "en", "en-GB", "constructor", "", undefined, "fr"]) assert.equal(await fetchLanguage({ part }, locale), undefined, locale);
});

test("the script uses the language of the appeal if that is built in, and English otherwise", () => {
  for (const [other, known, phrase] of [
    [{ tag: "de", words: languages.de }, "de", "10 € im Monat"],
    [{ tag: "fr", words: languages.fr }, "fr", "10 € par mois"],
    [{ tag: "es", words: languages.es }, "es", "10 € al mes"],
    [undefined, "en", "10 € a month"],
  ] as const) {
    chooseLanguage(undefined, other);
    assert.deepEqual([language, giftPhrase("10 €", "month")], [known, phrase]);
  }
});

test("every language has every sentence", () => {
  chooseLanguage(undefined);
  const names = Object.keys({ ...words, ...thanks, ...ticker, ...checkout, ...preview }).sort();
  for (const [tag, sentences] of Object.entries(languages)) {
    const { time, in: within, ...rest } = sentences;
    assert.equal(!time, !within, `${tag} must have both \`time\` and \`in\`, or neither`);
    assert.deepEqual(Object.keys(rest).sort(), names, tag);
  }
});

test("a button whose text contains {gift} has another text while no gift is chosen", () => {
  chooseLanguage(undefined, { tag: "de", words: languages.de });
  assert.equal(buttonWithoutGift("Mit {gift} unterstützen"), "Unterstützen");
  assert.equal(buttonWithoutGift("Jetzt helfen"), "Jetzt helfen");
});

test("right-to-left text isolates the gift in it, so that the gift keeps its own direction", () => {
  assert.equal(buttonPhrase("ادعمنا {gift}", "10 €"), "ادعمنا \u206810 €\u2069");
  assert.equal(buttonPhrase("תמכו בנו", "10 €"), "תמכו בנו · \u206810 €\u2069");
});

test("the writing direction comes from the language and the writing system in the language tag", () => {
  for (const locale of ["ar", "ar-EG", "he", "fa-IR", "ur", "az-Arab", "ks_Arab"]) assert.equal(directionOf(locale), "rtl", locale);
  for (const locale of ["en", "", "arn", "hex", "fy", "de-AT", "az-Latn"]) assert.equal(directionOf(locale), "ltr", locale);
});

test("the page's own sentences take precedence over the built-in ones", () => {
  chooseLanguage({ tag: "de", words: { later: "Frag mich {when}" } }, { tag: "de", words: languages.de });
  assert.deepEqual([words.later, words.close], ["Frag mich {when}", "Schließen"]);
  chooseLanguage({ tag: "cy", words: { close: "Cau" } });
  assert.deepEqual([language, words.close, words.other], ["cy", "Cau", "Other"]);
});
