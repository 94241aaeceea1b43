import type { ArticleDay, ArticleWeek, Dismissal, Gift, Interval, Shown, View, Words } from "./contract";
import type { Settings } from "./settings";

/** A gift in words, to be said with the thanks for it. */
export interface GivenGift {
  /** `€10 a month` */
  phrase: string;
  interval: Interval;
  /** When it was chosen, in milliseconds since 1970. */
  at: number;
  /** Days on which a reader who gave once is not asked. */
  quiet?: number;
}

/** A payment page that this browser opened and whose end it does not know yet. */
export interface Pending {
  attempt: string;
  session: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The appeal's own thanks, to be said when the money is there. */
  thanks?: Words;
  gift?: GivenGift;
  /** The page that was left for the payment, what it showed, and what was chosen, until it is known how the reader came back. */
  left?: { url: string; verdict: Shown; gift: Gift };
  /** What was chosen, once it is known how the reader came back: it can be tried again if the payment fails. */
  choice?: Pending["left"];
  /** When the service was last asked about it, in milliseconds since 1970. */
  checked?: number;
  /** While it stands so, the reader is not asked for money: the payment is on its way, or nobody knows. */
  still?: boolean;
  /** The reader was told that the payment is on its way. */
  told?: true;
}

/** All that is kept, in one entry of the site's own localStorage. */
export interface Kept {
  /** A random number below a million, made once: it keeps a reader with one wording. */
  bucket?: number;
  views: View[];
  dismissals: Dismissal[];
  /** Articles read, by week. */
  articles: ArticleWeek[];
  /** Articles read, by day, without the last one. */
  days: ArticleDay[];
  /** The day on which the last article was read. */
  last?: string;
  /** The count of articles of an older version. */
  meter?: { from: number; used: number };
  token?: string;
  pending: Pending[];
  /** The attribution of the last verdict that held the reader out, and when it came, in milliseconds since 1970. */
  heldOut?: { attribution: string; at: number };
  /** No new question about the same page before this time, in milliseconds since 1970. */
  hold?: { until: number; about: string };
  /** By how many milliseconds the service's clock is ahead of this browser's, where that is much. */
  skew?: number;
}

/** Reads and writes what is kept. */
export interface Memory {
  read(): Kept;
  change(how: (kept: Kept) => void): void;
  forget(): void;
  /** Whether habits are kept: the reader has not refused, and the browser has room. */
  works(): boolean;
}

/** So much room is kept free in the entry: what is written next fits, or the storage is known to be full before it matters. */
const SPARE = 500;

export function openMemory(settings: Settings): Memory {
  const key = `keepopen:${settings.site}`;
  /** Where the browser keeps nothing, this lasts as long as the page. */
  let own = empty();
  let fails = false;
  const denied = () => settings.attributes.consent === "denied";

  const read = (): Kept => {
    try {
      // An older entry has fewer parts. What is odd in another way is repaired when it does harm: see `repair.ts`.
      if (!fails) return { ...(denied() ? own : empty()), ...JSON.parse(localStorage.getItem(key) || "{}") };
    } catch (error) {
      // What isn't JSON isn't ours, and the next write replaces it. Else the browser keeps nothing.
      fails = !(error instanceof SyntaxError);
    }
    return fails ? own : empty();
  };
  const write = (kept: Kept, text: () => string | false | null) => {
    own = kept;
    try {
      const entry = text();
      if (entry) localStorage.setItem(key, entry);
    } catch {
      fails = true;
    }
  };
  return {
    read,
    change(how) {
      const kept = read();
      how(kept);
      const { token, pending } = kept;
      // Without consent nothing new is kept. An older gift stays known: else a supporter would be asked again.
      write(kept, () => (denied() ? localStorage.getItem(key) && JSON.stringify({ token, pending }) : JSON.stringify(kept) + " ".repeat(SPARE)));
    },
    // Where nothing can be kept, nothing is there to forget.
    forget: () => write(empty(), () => (localStorage.removeItem(key), "")),
    works: () => !fails && !denied(),
  };
}

function empty(): Kept {
  return { views: [], dismissals: [], articles: [], days: [], pending: [] };
}
