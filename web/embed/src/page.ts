import { countArticle, meter } from "./articles";
import { ask } from "./ask";
import { pageSource, readContext } from "./context";
import type { Question, Surface, Verdict } from "./contract";
import { call } from "./http";
import type { Memory } from "./memory";
import { type Embed, fetchLanguage, fetchPart } from "./parts";
import { PREVIEW_PARAMETER, SESSION_PARAMETER, TAG } from "./names";
import type { Settings } from "./settings";

/** What happens on a page: first what became of an earlier gift, then, if nothing stands against it, the question. */
export class PageView implements Embed {
  constructor(
    readonly settings: Settings,
    readonly memory: Memory,
    readonly now: () => number,
  ) {}

  async run(): Promise<void> {
    const note = new URL(location.href).searchParams.get(PREVIEW_PARAMETER);
    if (note) return (await this.part("preview")).showPreview(this, note);
    this.countArticle();
    const returned = takeSession();
    if (await this.settle(returned)) return;
    const verdict = await ask(this);
    if (!verdict) return;
    this.tell("verdict", verdictWords(verdict));
    if (verdict.show) await (await this.part("show")).showAppeal(this, verdict);
  }

  /** The browser took this page out of its back-forward store: what was pending may have ended meanwhile. */
  async again(): Promise<void> {
    const { pending } = this.memory.read();
    if (pending.length) await (await this.part("settle")).again(this);
  }

  call(path: string, timeoutMs: number, init: RequestInit): ReturnType<typeof call> {
    return call(this.settings.base + path, timeoutMs, init);
  }

  post(path: string, body: unknown, timeoutMs: number, type = "application/json"): ReturnType<typeof call> {
    return this.call(path, timeoutMs, { method: "POST", headers: { "content-type": type }, body: JSON.stringify(body) });
  }

  context(): Question {
    const { site, consent } = this.settings;
    return readContext(site, this.surfaces(), consent, pageSource(this.attributes()));
  }

  part: Embed["part"] = (name) => fetchPart(this.settings.base, name);

  language: Embed["language"] = (locale) => fetchLanguage(this.settings.base, locale);

  tell(name: "verdict" | "gift", detail: unknown): void {
    document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail }));
  }

  /** With the reader's consent, an article is counted once for each time its page is opened. */
  private countArticle(): void {
    const { page } = this.context();
    if (this.settings.consent !== "granted" || page.kind?.toLowerCase() !== "article") return;
    this.memory.change((kept) => {
      kept.articles = countArticle(kept.articles, page.tags ?? [], this.now());
      kept.meter = meter(kept.meter, this.now());
    });
  }

  /** Learns how opened payment pages ended; true when this page must not ask. */
  private async settle(returned?: string): Promise<boolean> {
    const { pending } = this.memory.read();
    // A session that is not ours to ask about: somebody may have paid, so this page keeps still.
    if (!pending.some((one) => one.session === returned) && returned !== undefined) return true;
    // On a sensitive page thanks are as much out of place as an appeal: the next page learns what became of the gift.
    if (pending.length && returned === undefined && this.context().page.sensitive) return true;
    return pending.length > 0 && (await this.part("settle")).settle(this, returned);
  }

  private surfaces(): Surface[] {
    const listed = this.settings.attributes.surfaces;
    const surfaces = places().filter(isThere).map(surfaceOf);
    // A banner needs no place. A page that hides the one it has wants none.
    if (!places().some((place) => surfaceOf(place) === "banner")) surfaces.unshift("banner");
    return [...new Set(surfaces)].filter((surface) => !listed || listed.includes(surface));
  }

  private attributes(): Record<string, string | undefined> {
    return Object.assign({}, this.settings.attributes, ...places().map((place) => ({ ...place.dataset })));
  }
}

function places(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(TAG)];
}

/** A place that the page hides can show nothing. */
function isThere(place: HTMLElement): boolean {
  return place.checkVisibility?.({ visibilityProperty: true }) !== false;
}

function surfaceOf(place: HTMLElement): Surface {
  const wanted = place.getAttribute("surface");
  return wanted === "inline" || wanted === "wall" ? wanted : "banner";
}

/** Takes the session out of the page's address, so that it is not bookmarked, shared or logged further. */
function takeSession(): string | undefined {
  const url = new URL(location.href);
  const session = url.searchParams.get(SESSION_PARAMETER) ?? undefined;
  if (session === undefined) return undefined;
  url.searchParams.delete(SESSION_PARAMETER);
  history.replaceState(history.state, "", url.href);
  return session;
}

function verdictWords(verdict: Verdict): unknown {
  if (!verdict.show) return { show: false, reason: verdict.reason };
  const { surface, kind, appeal, variant, reason } = verdict;
  return { show: true, surface, kind, appeal, variant, reason };
}
