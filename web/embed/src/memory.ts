import type { ArticleDay, ArticleWeek, Dismissal, Gift, Interval, AppealVerdict, View, Copy } from "./contract";
import type { Settings } from "./settings";

/** A gift as text, for the thanks. */
export interface GiftSummary {
  /** `€10 a month` */
  phrase: string;
  interval: Interval;
  /** When it was chosen, in milliseconds since 1970. */
  at: number;
  /** For how many days a reader who gave once is not asked. */
  quiet?: number;
}

/** A payment page that this browser opened and whose outcome it does not know yet. */
export interface Pending {
  attempt: string;
  session: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The appeal's own thanks, to show after the payment. */
  thanks?: Copy;
  gift?: GiftSummary;
  /** The page that the reader left for the payment, what it showed, and what the reader chose; until the script knows how the reader came back. */
  left?: { url: string; verdict: AppealVerdict; gift: Gift };
  /** The same after that. The reader can try again with this choice if the payment fails. */
  choice?: Pending["left"];
  /** When the service was last asked about it, in milliseconds since 1970. */
  checked?: number;
  /** Don't show appeals at present: the payment is being processed, or its state is unknown. */
  still?: boolean;
  /** The reader was told that the payment is being processed. */
  told?: true;
}

/** Everything that the script stores, in one entry of the site's own localStorage. */
export interface Stored {
  /** A random number below a million, created once. It keeps a reader in the same variant. */
  bucket?: number;
  views: View[];
  dismissals: Dismissal[];
  /** Articles read, by week. */
  articles: ArticleWeek[];
  /** Articles read, by day, without the latest article. */
  days: ArticleDay[];
  /** The day on which the latest article was read. */
  last?: string;
  /** The count of articles that an older version stored. */
  meter?: { from: number; used: number };
  token?: string;
  pending: Pending[];
  /** The attribution of the last verdict that held the reader out, and when it arrived, in milliseconds since 1970. */
  heldOut?: { attribution: string; at: number };
  /** The script doesn't ask about the same page again before `until`, in milliseconds since 1970. `about` is the question without the page's URL. */
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

/** Every write adds this many spaces. So the next write fits, or the script finds out that the storage is full before it matters. */
const SPARE_LENGTH = 500;

export function openMemory(settings: Settings): Memory {
  const key = `keepopen:${settings.site}`;
  /** Used if the browser stores nothing; lasts as long as the page. */
  let own = empty();
  let fails = false;
  const denied = () => settings.attributes.consent === "denied";

  const read = (): Stored => {
    try {
      // An older entry has fewer properties. Other invalid content is repaired when it causes an error: see `repair.ts`.
      if (!fails) return { ...(denied() ? own : empty()), ...JSON.parse(localStorage.getItem(key) || "{}") };
    } catch (error) {
      // An entry that isn't JSON isn't ours, and the next write replaces it. With any other error, the browser stores nothing.
      fails = !(error instanceof SyntaxError);
    }
    return fails ? own : empty();
  };
  const write = (stored: Stored, text: () => string | false | null) => {
    own = stored;
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
      // Without consent, nothing new is stored. An earlier gift is kept, or else a supporter would be asked again.
      write(stored, () => (denied() ? localStorage.getItem(key) && JSON.stringify({ token, pending }) : JSON.stringify(stored) + " ".repeat(SPARE_LENGTH)));
    },
    // If nothing can be stored, there is nothing to delete.
    forget: () => write(empty(), () => (localStorage.removeItem(key), "")),
    canStore: () => !fails && !denied(),
  };
}

function empty(): Stored {
  return { views: [], dismissals: [], articles: [], days: [], pending: [] };
}
