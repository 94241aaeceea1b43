import type { Dismissal, DismissalKind, View } from "./contract";

// Pure functions for the lists of views and dismissals that the reader's browser stores.

const MAX_ENTRIES = 100;
const MAX_AGE_MS = 365 * 86_400_000;

/** Adds an entry to a list, and trims the list. */
export function remember<Entry extends { at: string }>(list: Entry[], entry: Entry, nowMs: number): Entry[] {
  return trim([...list, entry], nowMs);
}

/** Drops entries that are at least 365 days old, and all but the last hundred. */
export function trim<Entry extends { at: string }>(list: Entry[], nowMs: number): Entry[] {
  return list.filter((entry) => nowMs - Date.parse(entry.at) < MAX_AGE_MS).slice(-MAX_ENTRIES);
}

export function viewOf(appeal: string, variant: string, nowMs: number): View {
  return { appeal, variant, at: new Date(nowMs).toISOString() };
}

export function dismissalOf(appeal: string, kind: DismissalKind, nowMs: number): Dismissal {
  return { appeal, kind, at: new Date(nowMs).toISOString() };
}

/** How many times the reader will have seen this appeal after the next view, counted from 1. 20 means 20 or more. */
export function nextOrdinal(views: View[], appeal: string): number {
  return Math.min(views.filter((view) => view.appeal === appeal).length + 1, 20);
}
