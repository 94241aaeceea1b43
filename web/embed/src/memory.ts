import type { ArticleDay, ArticleWeek, Dismissal, Gift, Interval, AppealVerdict, View, Copy } from "./contract";
import type { Settings } from "./settings";

/** What the thanks say about a gift. */
export interface GiftSummary {
  /** The gift as text, for example `€10 a month`. */
  phrase: string;
  interval: Interval;
  /** When the reader chose the gift, in milliseconds since 1970. */
  at: number;
  /** For how many days the reader is not asked after a one-off gift. */
  quiet?: number;
}

/** A payment whose page this browser opened. The browser does not know yet how the payment ended. */
export interface Pending {
  attempt: string;
  session: string;
  /** When the payment page was opened, in milliseconds since 1970. */
  at: number;
  /** The appeal's own thanks, to show after the payment. */
  thanks?: Copy;
  gift?: GiftSummary;
  /**
   * The page that the reader left to pay, the appeal on it, and the reader's choice. Removed once the script knows how
   * the reader came back.
   */
  left?: { url: string; verdict: AppealVerdict; gift: Gift };
  /**
   * A copy of `left` that the script keeps when it removes `left`. If the payment fails, the reader can try again with
   * this choice.
   */
  choice?: Pending["left"];
  /** When the script last asked the service about this payment, in milliseconds since 1970. */
  checked?: number;
  /** Whether to show no appeals for now, because the payment is being processed or its state is unknown. */
  still?: boolean;
  /**
   * Whether the script must show no (further) note about this payment: a note has already said that the payment is
   * being processed, or it is too late for thanks.
   */
  told?: true;
}

/** Everything that the script stores, in one entry of the site's own localStorage. */
export interface Stored {
  /** A random number below a million, created once. It keeps a reader in the same variant. */
  bucket?: number;
  views: View[];
  dismissals: Dismissal[];
  /** How many articles the reader opened in each week. */
  articles: ArticleWeek[];
  /** How many articles the reader opened on each day, without the latest article. */
  days: ArticleDay[];
  /** The day on which the reader opened the latest article. */
  last?: string;
  /** The count of articles that an older version stored. `repair.ts` converts it. */
  meter?: { from: number; used: number };
  token?: string;
  pending: Pending[];
  /**
   * The attribution of the last verdict that held the reader out (showed no appeal, for comparison). `at` is in
   * milliseconds since 1970.
   */
  heldOut?: { attribution: string; at: number };
  /**
   * The script doesn't ask about the same page again before `until`, in milliseconds since 1970. `about` is the
   * question (the body of `POST /v1/banner`) without the page's URL.
   */
  hold?: { until: number; about: string };
  /** By how many milliseconds the service's clock is ahead of this browser's, if it is more than a minute. */
  skew?: number;
}

/** Reads and writes the stored entry. */
export interface Memory {
  read(): Stored;
  change(how: (stored: Stored) => void): void;
  forget(): void;
  /** Whether the script may and can store a history: there is consent, and writing has not failed. */
  canStore(): boolean;
}

/**
 * Every write adds this many spaces to the entry. A slightly longer entry then fits later, and the script learns that
 * the storage is full before a gift depends on it.
 */
const SPARE_LENGTH = 500;

export function openMemory(settings: Settings): Memory {
  const key = `keepopen:${settings.site}`;
  /** The latest entry, in the memory of this page. The script uses it if the browser can't or may not store the entry. */
  let latest = empty();
  /** Whether the browser's storage can't be used, for example because it is blocked or full. */
  let fails = false;
  const denied = () => settings.attributes.consent === "denied";

  const read = (): Stored => {
    try {
      // The entry of an older version has fewer properties, so start from an empty entry. Other invalid content is
      // repaired when it causes an error: see `repair.ts`.
      if (!fails) return { ...(denied() ? latest : empty()), ...JSON.parse(localStorage.getItem(key) || "{}") };
    } catch (error) {
      // An entry that isn't JSON isn't the script's own, and the next write replaces it. Any other error means that the
      // browser stores nothing.
      fails = !(error instanceof SyntaxError);
    }
    return fails ? latest : empty();
  };
  /** Makes `stored` the latest entry, and stores the result of `text`, unless it is empty. */
  const write = (stored: Stored, text: () => string | false | null) => {
    latest = stored;
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
      const stored = read();
      how(stored);
      const { token, pending } = stored;
      // Without consent, the script stores nothing new. It keeps the token and payments of an earlier gift: without
      // them, a supporter would be asked again.
      write(stored, () => (denied() ? localStorage.getItem(key) && JSON.stringify({ token, pending }) : JSON.stringify(stored) + " ".repeat(SPARE_LENGTH)));
    },
    // If `removeItem` throws, the browser stores nothing, so there is nothing to delete.
    forget: () => write(empty(), () => (localStorage.removeItem(key), "")),
    canStore: () => !fails && !denied(),
  };
}

function empty(): Stored {
  return { views: [], dismissals: [], articles: [], days: [], pending: [] };
}
