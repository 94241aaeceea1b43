import type { Stored } from "./memory";

// Counts the articles that the reader opens in this browser, by week and tag, and by day. The articles' addresses are
// not stored.

const MAX_WEEKS = 52;
const MAX_DAYS = 92;
const MAX_TAGS = 30;

/**
 * Adds the current article to the counts of its week and tags, and the previous article to the count of its day. So the
 * counts by day don't include the current article.
 */
export function countArticle(stored: Stored, tags: string[], nowMs: number): void {
  /**
   * Adds one to the entry of `date` in the list `name`, and moves that entry to the end. Drops entries that are at
   * least `days` days old. `unit` is the property of an entry that has its date.
   */
  const countOne = (name: "articles" | "days", unit: string, date: string, days: number) => {
    const list = stored[name] as any[];
    const since = dateOf(nowMs, days);
    const entry = list.find((one) => one[unit] === date) ?? { [unit]: date, count: 0 };
    entry.count++;
    stored[name] = [...list.filter((one) => one !== entry && one[unit] > since), entry];
    return entry;
  };
  const week = countOne("articles", "week", dateOf(nowMs, (new Date(nowMs).getDay() + 6) % 7), MAX_WEEKS * 7);
  const counted: Record<string, number> = (week.tags ??= {});
  for (const tag of tags) {
    // Each week has counts for at most thirty tags. Any further tag of that week is not counted.
    const times = +counted[tag]! || 0;
    if (times || Object.keys(counted).length < MAX_TAGS) counted[tag] = times + 1;
  }
  if (stored.last) countOne("days", "day", stored.last, MAX_DAYS);
  stored.last = dateOf(nowMs);
}

/** Returns the local date, such as `2026-11-24`. With `daysBefore`, returns the date that many days earlier. */
export function dateOf(nowMs: number, daysBefore = 0): string {
  const day = new Date(nowMs);
  day.setDate(day.getDate() - daysBefore);
  // The Swedish date format is the ISO 8601 format.
  return day.toLocaleDateString("sv");
}
