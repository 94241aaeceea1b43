import { blocks } from "./blocks";
import type { Words } from "./contract";
import { canTellTime, pageWords, put, timeIn } from "./days";
import { make, part } from "./dom";
import { fetchLanguage } from "./language";
import type { Pending } from "./memory";
import type { Embed } from "./parts";
import css from "./thanks.css";

// What is said when it is known how a payment ended.

export const english = {
  thanks: { heading: "Thank you", body: ["Your gift has come through. It helps keep this work open to everyone."] },
  quietAfterGift: "We won’t ask you again for {time}.",
  quietWhileGiving: "We won’t ask you again while you give.",
  onItsWay: "Thank you. Your bank payment is being processed; this can take a few days.",
  notThrough: "Your payment didn’t go through, so you weren’t charged. You can try again.",
};

export type EnglishThanks = typeof english;

/** Says thanks, once, when the money is there: for what, and how long the reader is now left alone. */
export async function showThanks(embed: Embed, { thanks, gift }: Pending): Promise<void> {
  const locale = thanks?.locale ?? document.documentElement.lang;
  const language = await fetchLanguage(embed, locale);
  const own = pageWords(locale);
  const words = { ...english, ...language?.words, ...own?.words };
  const tag = (own ?? language)?.tag ?? "en";
  const content: Words = thanks?.heading ? thanks : words.thanks;
  const text = make("div", { class: "words", lang: content.locale || tag }, part("h2", "heading", { id: "heading" }, content.heading), ...blocks(content.body ?? []));
  if (gift) {
    const date = (locale.startsWith(tag) && dateIn(locale, gift.at)) || dateIn(tag, gift.at) || new Date(gift.at).toISOString().slice(0, 10);
    const quiet = gift.interval !== "once" ? words.quietWhileGiving : gift.quiet && canTellTime(tag, words) ? put(words.quietAfterGift, timeIn(gift.quiet, tag, words)) : "";
    text.append(part("p", "gift", { lang: tag }, make("b", {}, gift.phrase), ` · ${date}. ${quiet}`));
  }
  (await embed.part("show")).showStill(embed, "thank", language, locale, text, css);
}

/** Says one quiet line. */
export async function showNote(embed: Embed, which: "onItsWay" | "notThrough"): Promise<void> {
  const locale = document.documentElement.lang;
  const language = await fetchLanguage(embed, locale);
  const sentence = { ...english, ...language?.words, ...pageWords(locale)?.words }[which];
  const text = make("div", { class: "words" }, part("p", "note", { id: "heading" }, sentence));
  (await embed.part("show")).showStill(embed, "note", language, locale, text, css);
}

/** Nothing where the tag is nonsense, or of a language that the browser does not know. */
function dateIn(locale: string, atMs: number): string | undefined {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale)[0] && new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(atMs);
  } catch {
    return undefined;
  }
}
