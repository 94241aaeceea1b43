import { blocks } from "./blocks";
import type { Copy } from "./contract";
import { supportsTimes, formatDateIn, pageWords, insertValue, formatPeriodIn } from "./days";
import { button, make, makePart } from "./dom";
import { fetchLanguage } from "./language";
import type { Pending } from "./memory";
import type { Embed } from "./parts";
import rich from "./rich.css";
import css from "./thanks.css";

// The messages about how a payment ended.

export const english = {
  thanks: { heading: "Thank you", body: ["Your gift has come through. It helps keep this work open to everyone."] },
  quietAfterGift: "We won’t ask you again for {time}.",
  quietWhileGiving: "We won’t ask you again while you give.",
  onItsWay: "Thank you. Your bank payment is being processed; this can take a few days.",
  notThrough: "Your payment didn’t go through, so you weren’t charged.",
  tryAgain: "Try again",
  notCharged: "You haven’t been charged.",
};

export type EnglishThanks = typeof english;

/**
 * Shows the thank-you message after a payment. The message names the gift and says for how long the reader won't be
 * asked again.
 */
export async function showThanks(embed: Embed, { thanks, gift }: Pending): Promise<void> {
  const locale = thanks?.locale ?? document.documentElement.lang;
  const language = await fetchLanguage(embed, locale);
  const pageLanguage = pageWords(locale);
  const words = { ...english, ...language?.words, ...pageLanguage?.words };
  const tag = (pageLanguage ?? language)?.tag ?? "en";
  const content: Copy = thanks?.heading ? thanks : words.thanks;
  const text = make("div", { class: "words", lang: content.locale || tag }, makePart("h2", "heading", { id: "heading" }, content.heading), ...blocks(content.body ?? []));
  if (gift) {
    const quiet = gift.interval !== "once" ? words.quietWhileGiving : gift.quiet && supportsTimes(tag, words) ? insertValue(words.quietAfterGift, formatPeriodIn(gift.quiet, tag, words)) : "";
    text.append(makePart("p", "gift", { lang: tag }, make("b", {}, gift.phrase), ` · ${formatDateIn(gift.at, locale, tag)}. ${quiet}`));
  }
  (await embed.part("show")).showMessage(embed, "thank", language, locale, text, css + rich);
}

/** Shows a note of one line. With `choice`, the note has a button to try again. */
export async function showNote(embed: Embed, which: "onItsWay" | "notThrough", choice?: Pending["left"]): Promise<void> {
  const locale = document.documentElement.lang;
  const language = await fetchLanguage(embed, locale);
  const words = { ...english, ...language?.words, ...pageWords(locale)?.words };
  const text = make("div", { class: "words" }, makePart("p", "note", { id: "heading" }, words[which]));
  if (choice) text.append(button("again", words.tryAgain, () => void tryAgain(embed, choice)));
  (await embed.part("show")).showMessage(embed, "note", language, locale, text, css);
}

/**
 * Shows the appeal again with the reader's choice. It is a banner, because every page can show a banner. If the reader
 * gives now, this is a new attempt to pay, not a repetition of the failed one.
 */
async function tryAgain(embed: Embed, { verdict, gift }: NonNullable<Pending["left"]>): Promise<void> {
  (await embed.part("checkout")).endAttempt();
  const show = await embed.part("show");
  await show.showAppeal(embed, { ...verdict, surface: "banner" }, gift);
  show.ready()?.panel.element.querySelector<HTMLElement>(".give")?.focus();
}

/** Returns the sentence that tells a reader who comes back without having paid that nothing was charged. */
export async function notCharged(embed: Embed, locale: string): Promise<string> {
  return { ...english, ...(await fetchLanguage(embed, locale))?.words, ...pageWords(locale)?.words }.notCharged;
}
