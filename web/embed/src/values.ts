import { reworded } from "./blocks";
import type { Content, Ticker, Values, Words } from "./contract";
import { tickerNumber } from "./ticker";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** `{name}`, or the beginning of ICU's plural forms: `{name, plural,`. */
const ARGUMENT = /\{([a-z_]+)\}|\{\s*([a-z_]+)\s*,\s*(plural|selectordinal)\s*,/y;
/** The beginning of one form: `one {` or `=1 {`. */
const FORM = /\s*(=\d+|[a-z]+)\s*\{/y;
const END = /\s*\}/y;

/** Puts the values in place of `{article_count}` and the like, as people of that language write them, and chooses plural forms. What is not known stays. */
export function filled<Some extends Content>(content: Some, values: Values | null | undefined, locale: string): Some {
  const value = (name: string) => values?.[name as keyof Values] ?? undefined;
  /** `count` is what `#` stands for within a plural form; outside, `#` and apostrophes are plain characters. */
  const fill = (text: string, count?: string): string => {
    let out = "";
    for (let at = 0; at < text.length; ) {
      const past = count === undefined ? at : pastQuote(text, at);
      if (past > at) {
        // A doubled apostrophe is a plain one.
        out += text[at + 1] === "'" ? "'" : text.slice(at + 1, past - 1).replace(/''/g, "'");
        at = past;
        continue;
      }
      const [whole = "", name, counted = "", kind] = match(ARGUMENT, text, at);
      const forms = counted && formsAt(text, at + whole.length);
      if (name) {
        const known = value(name);
        out += known === undefined ? whole : told(name, known, locale, content.ticker);
        at += whole.length;
        continue;
      }
      if (forms) {
        const known = value(counted);
        const chosen = known === undefined ? forms.other : choose(forms, Number(known), kind === "plural" ? "cardinal" : "ordinal", locale);
        out += fill(chosen, known === undefined ? `{${counted}}` : told("", known, locale));
        at = forms.past;
        continue;
      }
      out += text[at] === "#" ? count ?? "#" : text[at];
      at++;
    }
    return out;
  };
  const put = (text: string) => fill(text);
  const words = <Part extends Words>(part: Part): Part => ({
    ...part,
    heading: put(part.heading),
    body: part.body?.map((block) => reworded(block, put)),
  });
  return {
    ...words(content),
    cta: content.cta && put(content.cta),
    dismiss: content.dismiss && put(content.dismiss),
    thanks: content.thanks && words(content.thanks),
  };
}

/** What the pattern finds at this very place, and its parts; nothing where it does not fit. */
function match(pattern: RegExp, text: string, at: number): (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

/** Where what an apostrophe quotes within a form is over; `at` itself where none begins. */
function pastQuote(text: string, at: number): number {
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
  /** By category, or by exact number such as `=1`. */
  all: Map<string, string>;
  other: string;
  /** The place past the brace that closes them. */
  past: number;
}

/** The forms that begin at this place. Undefined where they make no sense. */
function formsAt(text: string, at: number): Forms | undefined {
  const all = new Map<string, string>();
  for (;;) {
    const [whole, selector] = match(FORM, text, at);
    if (!whole || !selector) break;
    const begin = at + whole.length;
    let depth = 1;
    for (at = begin; depth; ) {
      if (at >= text.length) return undefined;
      const past = pastQuote(text, at);
      if (past === at) depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
      at = Math.max(past, at + 1);
    }
    all.set(selector, text.slice(begin, at - 1));
  }
  const [end] = match(END, text, at);
  const other = all.get("other");
  return end === undefined || other === undefined ? undefined : { all, other, past: at + end.length };
}

/** An exact form comes before that of the number's category in this language. */
function choose({ all, other }: Forms, number: number, type: "cardinal" | "ordinal", locale: string): string {
  const category = inLanguage(locale, (tag) => new Intl.PluralRules(tag, { type }).select(number));
  return all.get(`=${number}`) ?? all.get(category ?? "") ?? other;
}

/** What this gives in the language, or in English where the browser does not take the tag. */
function inLanguage<Result>(locale: string, give: (tag: string) => Result): Result | undefined {
  for (const tag of [locale || "en", "en"]) {
    try {
      return give(tag);
    } catch {
      // A tag that this browser does not take, or a browser that has no such names.
    }
  }
  return undefined;
}

/** One value in words. */
function told(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
  return inLanguage(locale, (tag) => write(name, value, tag, ticker)) ?? String(value);
}

function write(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
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
      // The first of January 2024 was a Monday.
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
