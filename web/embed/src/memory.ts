import type { Meter } from "./articles";
import type { ArticleWeek, Consent, Dismissal, Interval, View, Words } from "./contract";

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
  /** How many of the free articles are used up. */
  meter?: Meter;
  token?: string;
  pending: Pending[];
  /** No new question about the same page before this time, in milliseconds since 1970. */
  hold?: { until: number; about: string };
  /** When the standing was last asked for, in milliseconds since 1970. */
  checked?: number;
}

/** Reads and writes what is kept; where the browser refuses, it lasts as long as the page. */
export class Memory {
  private own: Kept = empty();

  constructor(
    private site: string,
    private consent: Consent,
  ) {
    // Consent withdrawn: what was kept of habits goes at once.
    if (consent === "denied") this.change(() => {});
  }

  read(): Kept {
    try {
      const text = localStorage.getItem(this.key());
      if (text) return shaped(JSON.parse(text));
    } catch {
      // Storage is closed to us, or holds what is not ours: go on with what this page knows.
    }
    return this.own;
  }

  change(how: (kept: Kept) => void): void {
    const kept = this.read();
    how(kept);
    this.write(kept);
  }

  forget(): void {
    this.own = empty();
    try {
      localStorage.removeItem(this.key());
    } catch {
      // Nothing could be kept, so nothing is there to forget.
    }
  }

  private write(kept: Kept): void {
    this.own = kept;
    try {
      if (this.consent === "granted") {
        localStorage.setItem(this.key(), JSON.stringify(kept));
      } else if (localStorage.getItem(this.key())) {
        // Without consent nothing new is kept. An older gift stays known: else a supporter would be asked again.
        localStorage.setItem(this.key(), JSON.stringify({ token: kept.token, pending: kept.pending }));
      }
    } catch {
      // The page's own copy serves.
    }
  }

  private key(): string {
    return `keepopen:${this.site}`;
  }
}

function empty(): Kept {
  return { views: [], dismissals: [], articles: [], pending: [] };
}

/** An older or foreign entry must not stop the script. */
function shaped(raw: unknown): Kept {
  const kept = (raw && typeof raw === "object" ? raw : {}) as Partial<Kept>;
  const list = <Entry>(value: Entry[] | undefined): Entry[] => (Array.isArray(value) ? value : []);
  const { views, dismissals, articles, pending } = kept;
  return { ...kept, views: list(views), dismissals: list(dismissals), articles: list(articles), pending: list(pending) };
}
