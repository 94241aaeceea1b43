import { reworded } from "./blocks";
import type { Content, Ticker, Values, Copy } from "./contract";
import { tickerNumber } from "./ticker";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Matches `{name}`, or the beginning of plural forms as in ICU messages: `{name, plural,`. */
const ARGUMENT = /\{([a-z_]+)\}|\{\s*([a-z_]+)\s*,\s*(plural|selectordinal)\s*,/y;
/** Matches the beginning of one plural form: `one {` or `=1 {`. */
const FORM = /\s*(=\d+|[a-z]+)\s*\{/y;
const END = /\s*\}/y;

/**
 * Replaces placeholders such as `{article_count}` with their values, formatted for the locale, and chooses plural
 * forms. An unknown placeholder stays as it is.
 */
export function filled<Some extends Content>(content: Some, values: Values | null | undefined, locale: string): Some {
  const value = (name: string) => values?.[name as keyof Values] ?? undefined;
  /**
   * Fills one text. `count` replaces `#` within a plural form; outside of one, `#` and apostrophes are plain
   * characters.
   */
  const fill = (text: string, count?: string): string => {
    let out = "";
    for (let at = 0; at < text.length; ) {
      const past = count === undefined ? at : quoteEnd(text, at);
      if (past > at) {
        // A doubled apostrophe stands for one apostrophe.
        out += text[at + 1] === "'" ? "'" : text.slice(at + 1, past - 1).replace(/''/g, "'");
        at = past;
        continue;
      }
      const [whole = "", name, counted = "", kind] = match(ARGUMENT, text, at);
      const forms = counted && formsAt(text, at + whole.length);
      if (name) {
        const known = value(name);
        out += known === undefined ? whole : formatted(name, known, locale, content.ticker);
        at += whole.length;
        continue;
      }
      if (forms) {
        const known = value(counted);
        const chosen = known === undefined ? forms.other : choose(forms, Number(known), kind === "plural" ? "cardinal" : "ordinal", locale);
        out += fill(chosen, known === undefined ? `{${counted}}` : formatted("", known, locale));
        at = forms.past;
        continue;
      }
      out += text[at] === "#" ? count ?? "#" : text[at];
      at++;
    }
    return out;
  };
  const fillText = (text: string) => fill(text);
  const fillCopy = <Part extends Copy>(part: Part): Part => ({
    ...part,
    heading: fillText(part.heading),
    body: part.body?.map((block) => reworded(block, fillText)),
  });
  return {
    ...fillCopy(content),
    cta: content.cta && fillText(content.cta),
    dismiss: content.dismiss && fillText(content.dismiss),
    thanks: content.thanks && fillCopy(content.thanks),
  };
}

/**
 * Returns the match of a sticky pattern at this position and its groups. Returns an empty list if there is no match.
 */
function match(pattern: RegExp, text: string, at: number): (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

/**
 * Returns the position after the text that an apostrophe at `at` quotes. Returns `at` itself if no quoted text begins
 * there.
 */
function quoteEnd(text: string, at: number): number {
  if (text[at] !== "'") return at;
  if (text[at + 1] === "'") return at + 2;
  if (!/[{}#]/.test(text[at + 1] ?? "")) return at;
  for (let end = at + 1; ; end += 2) {
    end = text.indexOf("'", end);
    if (end < 0) return at;
    if (text[end + 1] !== "'") return end + 1;
  }
}

interface Forms {
  /** The text of each form, by its plural category such as `one`, or by its exact number such as `=1`. */
  all: Map<string, string>;
  other: string;
  /** The position after the closing brace. */
  past: number;
}

/** Reads the plural forms that begin at this position. Returns undefined if they are malformed. */
function formsAt(text: string, at: number): Forms | undefined {
  const all = new Map<string, string>();
  for (;;) {
    const [whole, selector] = match(FORM, text, at);
    if (!whole || !selector) break;
    const begin = at + whole.length;
    let depth = 1;
    for (at = begin; depth; ) {
      if (at >= text.length) return undefined;
      const past = quoteEnd(text, at);
      if (past === at) depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
      at = Math.max(past, at + 1);
    }
    all.set(selector, text.slice(begin, at - 1));
  }
  const [end] = match(END, text, at);
  const other = all.get("other");
  return end === undefined || other === undefined ? undefined : { all, other, past: at + end.length };
}

/**
 * Chooses the form for a number: the form for exactly this number, or else the form for its plural category in this
 * language.
 */
function choose({ all, other }: Forms, number: number, type: "cardinal" | "ordinal", locale: string): string {
  const category = withLocale(locale, (tag) => new Intl.PluralRules(tag, { type }).select(number));
  return all.get(`=${number}`) ?? all.get(category ?? "") ?? other;
}

/** Calls `run` with the locale, and with English if that call throws. Returns undefined if both calls throw. */
function withLocale<Result>(locale: string, run: (tag: string) => Result): Result | undefined {
  for (const tag of [locale || "en", "en"]) {
    try {
      return run(tag);
    } catch {
      // The browser rejects the language tag or the value, or does not support this kind of formatting.
    }
  }
  return undefined;
}

/** Formats one value as text. */
function formatted(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
  return withLocale(locale, (tag) => format(name, value, tag, ticker)) ?? String(value);
}

function format(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
  const day = (date: string | number, options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(new Date(date));
  switch (name) {
    case "country":
      return new Intl.DisplayNames(locale, { type: "region" }).of(String(value)) ?? String(value);
    case "currency":
      return new Intl.DisplayNames(locale, { type: "currency" }).of(String(value)) ?? String(value);
    case "date":
      return day(value, { dateStyle: "long" });
    case "weekday": {
      const place = WEEKDAYS.indexOf(String(value));
      // 1 January 2024 was a Monday.
      return day(place < 0 ? NaN : Date.UTC(2024, 0, 1 + place), { weekday: "long" });
    }
    case "ticker_percent":
      return new Intl.NumberFormat(locale, { style: "percent" }).format(Number(value) / 100);
    case "ticker_total":
    case "ticker_goal":
    case "ticker_left":
      return ticker ? tickerNumber(Number(value), ticker, locale, name === "ticker_left") : new Intl.NumberFormat(locale).format(Number(value));
    default:
      return new Intl.NumberFormat(locale).format(Number(value));
  }
}
