import assert from "node:assert/strict";
import { test } from "node:test";
import * as languages from "../src/languages";
import { fetchLanguage } from "../src/parts";
import { buttonPhrase, buttonWithoutGift, giftPhrase, language, speak, words } from "../src/words";

// The build puts these in.
Object.assign(globalThis, { VERSION: "0", LANGUAGES: Object.keys(languages) });

test("a language that the script does not know is not fetched", async () => {
  for (const locale of ["ga", "en", "en-GB", "constructor", "", undefined]) assert.equal(await fetchLanguage("https://give.example.org", locale), undefined);
});

test("the script speaks the words' language where it knows it, and English where it does not", () => {
  for (const [locale, known, phrase] of [
    [{ tag: "de", words: languages.de }, "de", "10 € im Monat"],
    [{ tag: "fr", words: languages.fr }, "fr", "10 € par mois"],
    [{ tag: "es", words: languages.es }, "es", "10 € al mes"],
    [undefined, "en", "10 € a month"],
  ] as const) {
    speak(locale);
    assert.deepEqual([language, giftPhrase("10 €", "month")], [known, phrase]);
  }
});

test("every sentence is there in every language", () => {
  speak(undefined);
  const names = Object.keys(words).sort();
  for (const [tag, sentences] of Object.entries(languages)) assert.deepEqual(Object.keys(sentences).sort(), names, tag);
});

test("a button whose words go around the gift has others while there is none", () => {
  speak({ tag: "de", words: languages.de });
  assert.equal(buttonWithoutGift("Mit {gift} unterstützen"), "Unterstützen");
  assert.equal(buttonWithoutGift("Jetzt helfen"), "Jetzt helfen");
});

test("a gift between words from right to left is set apart from them", () => {
  assert.equal(buttonPhrase("ادعمنا {gift}", "10 €"), "ادعمنا \u206810 €\u2069");
  assert.equal(buttonPhrase("תמכו בנו", "10 €"), "תמכו בנו · \u206810 €\u2069");
});
