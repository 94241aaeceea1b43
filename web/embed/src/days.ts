// Formats dates and numbers of days as text, in the language of the sentence that contains them.

import type { Language } from "./language";

export type Unit = "day" | "week" | "month" | "year";

/**
 * How to write times in a language that browsers do not support. `time` returns a time such as `3 lá`, and `in` is the
 * pattern for `in 3 days`. The sentences that a page provides are JSON. They can't contain functions, so
 * they have one text for each unit (`units`).
 */
export interface OwnTimes {
  time?: (count: number, unit: Unit) => string;
  units?: Record<Unit, string>;
  in?: string;
}

/**
 * Whether times can be written in this language. A browser that does not support the language would write them in
 * another language.
 */
export function supportsTimes(language: string, own: OwnTimes): boolean {
  return !!(own.time ?? own.units ?? Intl.RelativeTimeFormat?.supportedLocalesOf(language)[0]);
}

/** Converts a number of days to the largest unit that fits: 14 days are two weeks, and 90 days are three months. */
export function period(days: number): [number, Unit] {
  const months = Math.round(days / 30.44);
  if (months && Math.abs(months * 30.44 - days) <= days / 33) return months % 12 ? [months, "month"] : [months / 12, "year"];
  return days % 7 ? [days, "day"] : [days / 7, "week"];
}

/** Formats a number of days as a length of time, for example `2 weeks`. */
export function formatPeriodIn(days: number, language: string, own: OwnTimes): string {
  const [count, unit] = period(days);
  return ownTime(count, unit, own) ?? new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** Formats a number of days as a time from now, for example `in 2 weeks`. */
export function formatFromNowIn(days: number, language: string, own: OwnTimes): string {
  const [count, unit] = period(days);
  const time = ownTime(count, unit, own);
  return time ? insertValue(own.in ?? "{time}", time) : new Intl.RelativeTimeFormat(language).format(count, unit);
}

/**
 * Formats a date as text, in `locale` if that is a variant of the sentence's `language`, and otherwise in `language`.
 * If the browser supports neither, the date has the ISO 8601 format.
 */
export function formatDateIn(atMs: number, locale: string, language: string, timeZone?: string): string {
  for (const tag of [locale.startsWith(language) ? locale : language, language]) {
    try {
      // An invalid tag throws; an unsupported language gives an empty list.
      if (Intl.DateTimeFormat.supportedLocalesOf(tag)[0]) return new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone }).format(atMs);
    } catch {
      continue;
    }
  }
  return new Date(atMs).toISOString().slice(0, 10);
}

function ownTime(count: number, unit: Unit, { time, units }: OwnTimes): string | undefined {
  return time?.(count, unit) ?? (units && insertValue(units[unit], String(count)));
}

/**
 * Returns the page's own sentences for a language, which take precedence over the script's. The page has them in a
 * `<script type="application/json" id="keepopen-words">`: an object whose keys are language tags.
 */
export function pageWords(locale: string | null | undefined): Language | undefined {
  const tag = locale?.split(/[-_]/)[0]?.toLowerCase() ?? "";
  try {
    const words = JSON.parse(document.getElementById("keepopen-words")!.textContent!)[tag];
    return words && { tag, words };
  } catch {
    // The page has no sentences of its own, or they are not valid JSON.
    return undefined;
  }
}

/** Replaces the first placeholder (`{…}`) of the sentence with `value`. */
export function insertValue(sentence: string, value: string): string {
  return sentence.replace(/\{\w+\}/, () => value);
}
