// Days as people say them, in the language of the sentence around them.

import type { Language } from "./language";

export type Unit = "day" | "week" | "month" | "year";

/** For a language that browsers do not know: `3 lá`, and the words around it for `in 3 days`. Pages, which write no functions, have one form for each unit. */
export interface OwnTimes {
  time?: (count: number, unit: Unit) => string;
  units?: Record<Unit, string>;
  in?: string;
}

/** Whether a time can be said in this language. A browser that does not know it would say it in another. */
export function canTellTime(language: string, own: OwnTimes): boolean {
  return !!(own.time ?? own.units ?? Intl.RelativeTimeFormat?.supportedLocalesOf(language)[0]);
}

/** `14` is two weeks, `90` three months. */
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

/** A date in words, in the exact language where the sentence around it is in that language too, or else as ISO 8601 has it. */
export function dateIn(atMs: number, locale: string, language: string, timeZone?: string): string {
  for (const tag of [locale.startsWith(language) ? locale : language, language]) {
    try {
      // Nothing where the tag is nonsense, or of a language that the browser does not know.
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
 * The newsroom's own sentences for a language, which win over ours: on the page as `<script type="application/json" id="keepopen-words">`,
 * an object by language tag.
 */
export function pageWords(locale: string | null | undefined): Language | undefined {
  const tag = locale?.split(/[-_]/)[0]?.toLowerCase() ?? "";
  try {
    const words = JSON.parse(document.getElementById("keepopen-words")!.textContent!)[tag];
    return words && { tag, words };
  } catch {
    // There are none.
    return undefined;
  }
}

/** The sentence with this in the place of what stands in braces. */
export function put(sentence: string, value: string): string {
  return sentence.replace(/\{\w+\}/, () => value);
}
