import { dateOf } from "./articles";
import type { ArticleDay } from "./contract";
import type { Stored } from "./memory";

// The browser's stored entry may be invalid, because an older version, another script or a person wrote it. The service
// rejects a question that contains anything invalid.

const DISMISSALS = ["close", "later", "already_gave"];

/** Returns the stored entry without its invalid parts. */
export function repaired(stored: Stored): Stored {
  const { bucket, views, dismissals, articles, days, last, meter, token, pending, heldOut, hold, skew } = stored;
  return plain({
    bucket: count(bucket) && bucket! < 1_000_000 ? bucket : undefined,
    views: list(views).filter((one) => text(one.appeal) && text(one.variant) && time(one.at)),
    dismissals: list(dismissals).filter((one) => text(one.appeal) && DISMISSALS.includes(one.kind) && time(one.at)),
    articles: list(articles)
      .filter((one) => date(one.week) && count(one.count))
      .map((one) => ({ ...one, tags: Object.fromEntries(Object.entries(Object(one.tags)).filter(([, times]) => count(times))) as Record<string, number> })),
    days: [...daysOf(meter), ...list(days).filter((one) => date(one.day) && count(one.count))],
    last: date(last) ? last : undefined,
    token: text(token) ? token : undefined,
    pending: list(pending)
      .filter((one) => text(one.attempt) && text(one.session) && Number.isFinite(one.at))
      .map((one) => ({ ...one, left: choice(one.left), choice: choice(one.choice) })),
    heldOut: heldOut && text(heldOut.attribution) && Number.isFinite(heldOut.at) ? heldOut : undefined,
    hold: hold && Number.isFinite(hold.until) && text(hold.about) ? hold : undefined,
    skew: Number.isFinite(skew) ? skew : undefined,
  });
}

/** Converts the count of an older version, which had only a start date. All its articles count as read on that date. */
function daysOf(meter: Stored["meter"]): ArticleDay[] {
  const { from, used } = Object(meter);
  return Number.isFinite(from) && Math.abs(from) < 8e15 && count(used) && used ? [{ day: dateOf(from), count: used }] : [];
}

/** Removes undefined properties, so that two values can be compared as JSON. */
function plain(stored: Stored): Stored {
  return JSON.parse(JSON.stringify(stored)) as Stored;
}

function choice(left: Stored["pending"][number]["left"]): typeof left {
  return text(left?.url) && text(left?.verdict?.content?.heading) && left?.gift ? left : undefined;
}

function list<Entry>(value: Entry[]): Entry[] {
  return Array.isArray(value) ? value.filter((entry) => entry && typeof entry === "object").slice(-100) : [];
}

function text(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length < 10_000;
}

function count(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function date(value: unknown): boolean {
  return time(`${value}T00:00:00Z`);
}

function time(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && Date.parse(value) > 0 && isInCalendar(value);
}

/** Whether the date exists. Browsers parse the 31st of February as a day in March. */
function isInCalendar(time: string): boolean {
  return new Date(time).toISOString().slice(0, 10) === time.slice(0, 10);
}
