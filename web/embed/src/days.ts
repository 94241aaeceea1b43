// Writes numbers of days and dates as text, in the language of the sentence around them.

import type { Language } from "./language";

export type Unit = "day" | "week" | "month" | "year";

/** For a language that browsers do not support: `3 lá`, and the pattern for `in 3 days`. A page can't write functions, so it gives one form for each unit. */
export interface OwnTimes {
  time?: (count: number, unit: Unit) => string;
  units?: Record<Unit, string>;
  in?: string;
}

/** Whether a time can be written in this language. A browser that does not support it would use another language. */
export function supportsTimes(language: string, own: OwnTimes): boolean {
  return !!(own.time ?? own.units ?? Intl.RelativeTimeFormat?.supportedLocalesOf(language)[0]);
}

/** The largest unit that fits: 14 days are two weeks, 90 days are three months. */
export function period(days: number): [number, Unit] {
  const months = Math.round(days / 30.44);
  if (months && Math.abs(months * 30.44 - days) <= days / 33) return months % 12 ? [months, "month"] : [months / 12, "year"];
  return days % 7 ? [days, "day"] : [days / 7, "week"];
}

/** `2 weeks` */
export function timeIn(days: number, language: string, own: OwnTimes): string {
  const [count, unit] = period(days);
  return ownTime(count, unit, own) ?? new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** `in 2 weeks` */
export function whenIn(days: number, language: string, own: OwnTimes): string {
  const [count, unit] = period(days);
  const time = ownTime(count, unit, own);
  return time ? put(own.in ?? "{time}", time) : new Intl.RelativeTimeFormat(language).format(count, unit);
}

/** A date as text: in `locale` if that is a variant of the sentence's `language`, else in `language`, or else in the ISO 8601 format. */
export function dateIn(atMs: number, locale: string, language: string, timeZone?: string): string {
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
  return time?.(count, unit) ?? (units && put(units[unit], String(count)));
}

/**
 * The newsroom's own sentences for a language, which win over ours. They are on the page in `<script type="application/json" id="keepopen-words">`:
 * an object whose keys are language tags.
 */
export function pageWords(locale: string | null | undefined): Language | undefined {
  const tag = locale?.split(/[-_]/)[0]?.toLowerCase() ?? "";
  try {
    const words = JSON.parse(document.getElementById("keepopen-words")!.textContent!)[tag];
    return words && { tag, words };
  } catch {
    // The page has none.
    return undefined;
  }
}

/** The sentence with its placeholders (`{…}`) replaced by `value`. */
export function put(sentence: string, value: string): string {
  return sentence.replace(/\{\w+\}/, () => value);
}
