import type { EnglishCheckout } from "./checkout";
import type { Embed } from "./parts";
import type { EnglishPreview } from "./preview";
import type { EnglishThanks } from "./thanks";
import type { EnglishTicker } from "./ticker";
import type { English } from "./words";

export type Sentences = Partial<English & EnglishThanks & EnglishTicker & EnglishCheckout & EnglishPreview>;

/** The tags of the built-in languages other than English. The build replaces this name with a list. */
declare const LANGUAGES: string[];

export interface Language {
  tag: string;
  words: Sentences;
}

/**
 * Fetches the script's own sentences in a language. Returns undefined for English, for an unknown language, and if the
 * file can't be fetched.
 */
export async function fetchLanguage(page: Pick<Embed, "part">, locale: string | null | undefined): Promise<Language | undefined> {
  const tag = locale?.split(/[-_]/)[0]!.toLowerCase() ?? "";
  if (!LANGUAGES.includes(tag)) return undefined;
  try {
    const { default: words } = (await page.part(tag as never)) as { default: Sentences };
    return { tag, words };
  } catch (error) {
    // The script then uses its English sentences.
    console.debug("keepopen:", error);
    return undefined;
  }
}
