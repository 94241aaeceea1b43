import type { Dismissal, DismissalKind, View } from "./contract";

// What the reader's own browser remembers of appeals. Plain functions on plain lists.

const KEEP = 100;
const KEEP_MS = 365 * 86_400_000;

/** Adds to a list, dropping what is older than a year or beyond the last hundred. */
export function remember<Entry extends { at: string }>(list: Entry[], entry: Entry, nowMs: number): Entry[] {
  return trim([...list, entry], nowMs);
}

export function trim<Entry extends { at: string }>(list: Entry[], nowMs: number): Entry[] {
  return list.filter((entry) => nowMs - Date.parse(entry.at) < KEEP_MS).slice(-KEEP);
}

export function viewOf(appeal: string, variant: string, nowMs: number): View {
  return { appeal, variant, at: new Date(nowMs).toISOString() };
}

export function dismissalOf(appeal: string, kind: DismissalKind, nowMs: number): Dismissal {
  return { appeal, kind, at: new Date(nowMs).toISOString() };
}

/** Which view of this appeal by this reader the next one is, counted no further than 20. */
export function ordinal(views: View[], appeal: string): number {
  return Math.min(views.filter((view) => view.appeal === appeal).length + 1, 20);
}
