import type { Stored } from "./memory";

// Counts the articles that were read in this browser: by week and tag, and by day. Addresses are not stored.

const MAX_WEEKS = 52;
const MAX_DAYS = 92;
const MAX_TAGS = 30;

/** Adds one article to its week. It is added to its day when the next article is read: the counts by day don't include the current page. */
export function countArticle(stored: Stored, tags: string[], nowMs: number): void {
  /** Adds one to the entry of `date`, moves it to the end, and drops entries that are `days` days old or older. */
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
    // Other tags than the first thirty of a week are not counted.
    const times = +counted[tag]! || 0;
    if (times || Object.keys(counted).length < MAX_TAGS) counted[tag] = times + 1;
  }
  if (stored.last) countOne("days", "day", stored.last, MAX_DAYS);
  stored.last = dateOf(nowMs);
}

/** The local date, or that of some days before. */
export function dateOf(nowMs: number, daysBefore = 0): string {
  const day = new Date(nowMs);
  day.setDate(day.getDate() - daysBefore);
  // Swedish dates have the ISO 8601 format.
  return day.toLocaleDateString("sv");
}
