import { dateOf } from "./articles";
import type { ArticleDay } from "./contract";
import type { Stored } from "./memory";

// The browser's stored entry may be invalid, because an older version, another script or a person wrote it. The service
// rejects a question that contains anything invalid.

const DISMISSALS = ["close", "later", "already_gave"];

/** Returns the stored entry without its invalid parts. */
export function repaired(stored: Stored): Stored {
  const { bucket, views, dismissals, articles, days, last, meter, token, pending, heldOut, hold, skew } = stored;
  return withoutUndefined({
    bucket: isCount(bucket) && bucket! < 1_000_000 ? bucket : undefined,
    views: objectsIn(views).filter((one) => isText(one.appeal) && isText(one.variant) && isTime(one.at)),
    dismissals: objectsIn(dismissals).filter((one) => isText(one.appeal) && DISMISSALS.includes(one.kind) && isTime(one.at)),
    articles: objectsIn(articles)
      .filter((one) => isDate(one.week) && isCount(one.count))
      .map((one) => ({ ...one, tags: Object.fromEntries(Object.entries(Object(one.tags)).filter(([, times]) => isCount(times))) as Record<string, number> })),
    days: [...daysOf(meter), ...objectsIn(days).filter((one) => isDate(one.day) && isCount(one.count))],
    last: isDate(last) ? last : undefined,
    token: isText(token) ? token : undefined,
    pending: objectsIn(pending)
      .filter((one) => isText(one.attempt) && isText(one.session) && Number.isFinite(one.at))
      .map((one) => ({ ...one, left: validChoice(one.left), choice: validChoice(one.choice) })),
    heldOut: heldOut && isText(heldOut.attribution) && Number.isFinite(heldOut.at) ? heldOut : undefined,
    hold: hold && Number.isFinite(hold.until) && isText(hold.about) ? hold : undefined,
    skew: Number.isFinite(skew) ? skew : undefined,
  });
}

/**
 * Converts the article count that an older version stored. That count had only a start date, so all its articles are
 * assigned to this date.
 */
function daysOf(meter: Stored["meter"]): ArticleDay[] {
  const { from, used } = Object(meter);
  return Number.isFinite(from) && Math.abs(from) < 8e15 && isCount(used) && used ? [{ day: dateOf(from), count: used }] : [];
}

/** Removes undefined properties, so that two values can be compared as JSON. */
function withoutUndefined(stored: Stored): Stored {
  return JSON.parse(JSON.stringify(stored)) as Stored;
}

/** Returns the `left` or `choice` of a pending payment (see `Pending`), or undefined if the value is invalid. */
function validChoice(left: Stored["pending"][number]["left"]): typeof left {
  return isText(left?.url) && isText(left?.verdict?.content?.heading) && left?.gift ? left : undefined;
}

/** Returns the last hundred objects in a list, and an empty list if the value is not a list. */
function objectsIn<Entry>(value: Entry[]): Entry[] {
  return Array.isArray(value) ? value.filter((entry) => entry && typeof entry === "object").slice(-100) : [];
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length < 10_000;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDate(value: unknown): boolean {
  return isTime(`${value}T00:00:00Z`);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && Date.parse(value) > 0 && isInCalendar(value);
}

/** Whether the date is in the calendar. Browsers parse the 31st of February as a day in March. */
function isInCalendar(time: string): boolean {
  return new Date(time).toISOString().slice(0, 10) === time.slice(0, 10);
}
