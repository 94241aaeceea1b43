import type { EnglishCheckout } from "./checkout";
import type { Embed } from "./parts";
import type { EnglishPreview } from "./preview";
import type { EnglishThanks } from "./thanks";
import type { EnglishTicker } from "./ticker";
import type { English } from "./words";

export type Sentences = Partial<English & EnglishThanks & EnglishTicker & EnglishCheckout & EnglishPreview>;

/** Put in by the build: the languages that are there beside English. */
declare const LANGUAGES: string[];

export interface Language {
  tag: string;
  words: Sentences;
}

/** Fetches the script's own sentences in a language; nothing for English, or where they can't be had. */
export async function fetchLanguage(page: Pick<Embed, "part">, locale: string | null | undefined): Promise<Language | undefined> {
  const tag = locale?.split(/[-_]/)[0]!.toLowerCase() ?? "";
  if (!LANGUAGES.includes(tag)) return undefined;
  try {
    const { default: words } = (await page.part(tag as never)) as { default: Sentences };
    return { tag, words };
  } catch (error) {
    // Then it is said in English.
    console.debug("keepopen:", error);
    return undefined;
  }
}
