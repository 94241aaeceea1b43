import type { ArticleWeek } from "./contract";

// The articles that this browser has read: how many in each week, and with which tags. Addresses are not kept.

const WEEKS = 52;
const TAGS = 30;
const DAY_MS = 86_400_000;
/** After so many days the count of free articles begins anew. */
const METER_DAYS = 30;

/** Articles read since the count began; `before` is without the page that shows now. */
export interface Meter {
  /** Milliseconds since 1970. */
  from: number;
  used: number;
  before: number;
}

/** Adds one article to its week. No more than thirty tags a week are told apart. */
export function countArticle(weeks: ArticleWeek[], tags: string[], nowMs: number): ArticleWeek[] {
  const monday = mondayOf(nowMs);
  const week = weeks.find((one) => one.week === monday);
  const counted: Record<string, number> = { ...week?.tags };
  for (const tag of tags) {
    if (tag in counted || Object.keys(counted).length < TAGS) counted[tag] = (counted[tag] ?? 0) + 1;
  }
  return [...weeks.filter((one) => one !== week), { week: monday, count: (week?.count ?? 0) + 1, tags: counted }].slice(-WEEKS);
}

/** Adds one article to the count of free ones. */
export function meter(known: Meter | undefined, nowMs: number): Meter {
  // A count that begins in the future was begun by a clock that was wrong.
  const lasts = known && Math.abs(nowMs - known.from) < METER_DAYS * DAY_MS;
  return lasts ? { from: known.from, used: known.used + 1, before: known.used } : { from: nowMs, used: 1, before: 0 };
}

/** The date of the week's Monday, on the reader's own clock. */
export function mondayOf(nowMs: number): string {
  const day = new Date(nowMs);
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7));
  // Swedish dates are written as ISO 8601 has them.
  return day.toLocaleDateString("sv");
}
