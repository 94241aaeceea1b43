import type { Question } from "./contract";
import type { Memory } from "./memory";
import type { Settings } from "./settings";
import type { Answer } from "./http";
import type { EnglishPreview } from "./preview";
import type { EnglishThanks } from "./thanks";
import type { English } from "./words";

// The script comes in parts: the loader, which every page gets, and what is fetched only where it is needed.
// No part imports another at run time. What they share is the loader's, and is handed over as `Embed`.

/** What the loader lends to the other parts. */
export interface Embed {
  readonly settings: Settings;
  readonly memory: Memory;
  now(): number;
  /** Sends a request to a path of the service. */
  call(path: string, timeoutMs: number, init: RequestInit): Promise<Answer | undefined>;
  post(path: string, body: unknown, timeoutMs: number, type?: string): Promise<Answer | undefined>;
  /** What the service is told of this page. */
  context(): Question;
  /** Fetches a part; each is fetched once. */
  part<Name extends keyof Parts>(name: Name): Promise<Parts[Name]>;
  /** Fetches the script's own sentences in a language; nothing for English, or where they can't be had. */
  language(locale: string | null | undefined): Promise<Language | undefined>;
  /** Dispatches an event for the page's own scripts, without anything about the person. */
  tell(name: "verdict" | "gift", detail: unknown): void;
}

export interface Parts {
  show: typeof import("./show");
  settle: typeof import("./settle");
  preview: typeof import("./preview");
  values: typeof import("./values");
}

export interface Language {
  tag: string;
  words: Partial<English & EnglishThanks & EnglishPreview>;
}

/** Put in by the build: the version of all parts, and the languages that are there beside English. */
declare const VERSION: string;
declare const LANGUAGES: string[];

/** Fetches a file of the script: a module, which a page's policy allows by the service's origin alone. */
export function fetchPart(base: string, name: string): Promise<any> {
  return import(`${base}/embed/${VERSION}/${name}.js`);
}

export async function fetchLanguage(base: string, locale: string | null | undefined): Promise<Language | undefined> {
  const tag = locale?.split(/[-_]/)[0]!.toLowerCase() ?? "";
  if (!LANGUAGES.includes(tag)) return undefined;
  try {
    return { tag, words: (await fetchPart(base, tag)).default };
  } catch (error) {
    // Then it is said in English.
    console.debug("keepopen:", error);
    return undefined;
  }
}
