import type { Kept } from "./memory";

// What is kept may be odd: written by an older version, by another script, or by hand. The service refuses a question with one odd entry in it.

const DISMISSALS = ["close", "later", "already_gave"];

/** What is sound of it. */
export function repaired(kept: Kept): Kept {
  const { bucket, views, dismissals, articles, meter, token, pending, heldOut, hold, skew } = kept;
  return plain({
    bucket: count(bucket) && bucket! < 1_000_000 ? bucket : undefined,
    views: list(views).filter((one) => text(one.appeal) && text(one.variant) && time(one.at)),
    dismissals: list(dismissals).filter((one) => text(one.appeal) && DISMISSALS.includes(one.kind) && time(one.at)),
    articles: list(articles)
      .filter((one) => /^\d{4}-\d\d-\d\d$/.test(one.week) && time(`${one.week}T00:00:00Z`) && count(one.count))
      .map((one) => ({ ...one, tags: Object.fromEntries(Object.entries(Object(one.tags)).filter(([, times]) => count(times))) as Record<string, number> })),
    meter: meter && Number.isFinite(meter.from) && count(meter.used) && count(meter.before) ? meter : undefined,
    token: text(token) ? token : undefined,
    pending: list(pending)
      .filter((one) => text(one.attempt) && text(one.session) && Number.isFinite(one.at))
      .map((one) => ({ ...one, left: text(one.left?.url) && text(one.left?.verdict?.content?.heading) && one.left?.gift ? one.left : undefined })),
    heldOut: heldOut && text(heldOut.attribution) && Number.isFinite(heldOut.at) ? heldOut : undefined,
    hold: hold && Number.isFinite(hold.until) && text(hold.about) ? hold : undefined,
    skew: Number.isFinite(skew) ? skew : undefined,
  });
}

/** Without what is left out, and in an order of its own, so that it compares. */
function plain(kept: Kept): Kept {
  return JSON.parse(JSON.stringify(kept)) as Kept;
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

function time(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && Date.parse(value) > 0;
}
