import assert from "node:assert/strict";
import { test } from "node:test";
import { languages } from "../src/languages";
import { buttonPhrase, buttonWithoutGift, giftPhrase, language, speak, words } from "../src/words";

test("the script speaks the words' language where it knows it, and English where it does not", () => {
  for (const [locale, known, phrase] of [
    ["de-AT", "de", "10 € im Monat"],
    ["FR", "fr", "10 € par mois"],
    ["es_MX", "es", "10 € al mes"],
    ["ga", "en", "10 € a month"],
    ["constructor", "en", "10 € a month"],
    ["", "en", "10 € a month"],
    [undefined, "en", "10 € a month"],
  ] as const) {
    speak(locale);
    assert.deepEqual([language, giftPhrase("10 €", "month")], [known, phrase], String(locale));
  }
});

test("every sentence is there in every language", () => {
  speak("en");
  const names = Object.keys(words).sort();
  for (const [tag, sentences] of Object.entries(languages)) assert.deepEqual(Object.keys(sentences).sort(), names, tag);
});

test("a button whose words go around the gift has others while there is none", () => {
  speak("de");
  assert.equal(buttonWithoutGift("Mit {gift} unterstützen"), "Unterstützen");
  assert.equal(buttonWithoutGift("Jetzt helfen"), "Jetzt helfen");
});

test("a gift between words from right to left is set apart from them", () => {
  assert.equal(buttonPhrase("ادعمنا {gift}", "10 €"), "ادعمنا \u206810 €\u2069");
  assert.equal(buttonPhrase("תמכו בנו", "10 €"), "תמכו בנו · \u206810 €\u2069");
});
