import type { Kept } from "./memory";

// The articles that this browser has read: how many in each week, with which tags, and how many on each day. Addresses are not kept.

const WEEKS = 52;
const DAYS = 92;
const TAGS = 30;

/** Adds one article to its week. It is added to its day only when the next one comes: the days are what was read before the page that shows now. */
export function countArticle(kept: Kept, tags: string[], nowMs: number): void {
  /** Adds one to the entry of this date, which moves to the end, and drops entries of so many days ago. */
  const countOne = (name: "articles" | "days", unit: string, date: string, days: number) => {
    const list = kept[name] as any[];
    const since = dateOf(nowMs, days);
    const entry = list.find((one) => one[unit] === date) ?? { [unit]: date, count: 0 };
    entry.count++;
    kept[name] = [...list.filter((one) => one !== entry && one[unit] > since), entry];
    return entry;
  };
  const week = countOne("articles", "week", dateOf(nowMs, (new Date(nowMs).getDay() + 6) % 7), WEEKS * 7);
  const counted: Record<string, number> = (week.tags ??= {});
  for (const tag of tags) {
    // No more than thirty tags a week are told apart.
    const times = +counted[tag]! || 0;
    if (times || Object.keys(counted).length < TAGS) counted[tag] = times + 1;
  }
  if (kept.last) countOne("days", "day", kept.last, DAYS);
  kept.last = dateOf(nowMs);
}

/** The date, or that of some days before, on the reader's own clock. */
export function dateOf(nowMs: number, daysBefore = 0): string {
  const day = new Date(nowMs);
  day.setDate(day.getDate() - daysBefore);
  // Swedish dates are written as ISO 8601 has them.
  return day.toLocaleDateString("sv");
}
