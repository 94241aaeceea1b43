import { ask } from "./ask";
import { Checkout, SESSION_PARAMETER } from "./checkout";
import { pageSource, readContext } from "./context";
import type { DismissalKind, Gift, Question, Shown, Surface, Verdict } from "./contract";
import { type AppealElement, placeFor, places } from "./element";
import { dismissalOf, ordinal, remember, viewOf } from "./history";
import type { Memory, Pending } from "./memory";
import { countArticle, meter } from "./articles";
import { preview, previewNote } from "./preview";
import { appealPanel, notePanel, type Panel, previewMark, thanksPanel } from "./render";
import { report, whenSeen } from "./report";
import type { Settings } from "./settings";
import { exchange } from "./token";
import { filled } from "./values";

const GIVE_UP_MS = 30 * 86_400_000;

/** One page view: first what became of an earlier gift, then, if nothing stands against it, the question. */
export class PageView {
  private shown?: { place: AppealElement; panel: Panel; escape?: () => void };
  private counted = false;

  constructor(
    private settings: Settings,
    private memory: Memory,
    private now: () => number,
  ) {}

  async run(): Promise<void> {
    const note = previewNote(location.href);
    if (note !== undefined) return this.preview(note);
    this.countArticle();
    const returned = takeSession();
    if (await this.settle(returned)) return;
    const verdict = await ask(this.settings, this.memory, this.context(), this.now);
    if (!verdict) return;
    tell("verdict", verdictWords(verdict));
    if (verdict.show) this.appeal(verdict);
  }

  /** Shows staff what they asked for. It is no page view: nothing is counted, told or remembered. */
  private async preview(note: string): Promise<void> {
    const verdict = await preview(this.settings, this.memory, this.context(), note);
    if (!verdict) return;
    this.appeal(verdict);
    if (this.shown) this.shown.panel.element.prepend(previewMark());
    else console.info(`keepopen: no preview: this page has no place for surface="${verdict.surface}"`);
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

  /** The browser took this page out of its back-forward store: what was pending may have ended meanwhile. */
  async again(): Promise<void> {
    const before = this.shown;
    before?.panel.ready();
    if ((await this.settle()) && this.shown === before) this.close();
  }

  /** Learns how opened payment pages ended; true when this page must not ask. */
  private async settle(returned?: string): Promise<boolean> {
    const waiting = [...this.memory.read().pending].sort((a) => (a.session === returned ? -1 : 0));
    // A session that is not ours to ask about: somebody may have paid, so this page keeps still.
    let quiet = returned !== undefined && !waiting.some((pending) => pending.session === returned);
    // On a sensitive page thanks are as much out of place as an appeal: the next page learns what became of the gift.
    if (waiting.length && returned === undefined && this.context().page.sensitive) return true;
    for (const pending of waiting) {
      if (this.now() - pending.at > GIVE_UP_MS) {
        this.drop(pending);
        continue;
      }
      const mine = pending.session === returned;
      const outcome = await exchange(this.settings, pending);
      switch (outcome.state) {
        case "paid":
          this.drop(pending, outcome.token);
          this.show(placeFor("banner", this.settings.edge), thanksPanel(pending.thanks, () => this.close()));
          tell("gift", { standing: outcome.standing });
          return true;
        case "processing":
          if (!pending.told) {
            this.update(pending, { told: true });
            this.note("onItsWay");
          }
          return true;
        case "failed":
          this.drop(pending);
          this.note("notThrough");
          return true;
        case "over":
          this.drop(pending);
          quiet ||= mine;
          break;
        case "late":
          // Neither thanked so late, nor asked: told, it is kept until it is given up.
          this.update(pending, { told: true });
          return true;
        case "refused":
          // A payment known to be on its way is not forgotten because the service no longer talks about its page.
          if (!pending.told) this.drop(pending);
          quiet = true;
          break;
        case "open":
          quiet ||= mine;
          break;
        case "unknown":
          quiet = true;
      }
    }
    return quiet;
  }

  private appeal(answer: Shown): void {
    const { settings, memory } = this;
    const locale = answer.content.locale || document.documentElement.lang;
    const verdict = { ...answer, content: filled(answer.content, answer.values, locale) };
    const place = placeFor(verdict.surface, settings.edge);
    const checkout = new Checkout(settings, verdict);
    const note: PageView["keep"] = (how) => verdict.attribution && this.keep(how);
    const give = async (gift: Gift) => {
      report(settings, verdict, "click");
      const opened = await checkout.open(gift, location.href, this.now());
      if (!("url" in opened)) return opened;
      this.keep((kept) => (kept.pending = [...kept.pending, opened.pending].slice(-5)));
      location.assign(opened.url);
      return undefined;
    };
    const dismiss = (how: DismissalKind) => {
      note((kept) => (kept.dismissals = remember(kept.dismissals, dismissalOf(verdict.appeal, how, this.now()), this.now())));
      report(settings, verdict, "dismiss", { dismissal: how });
      this.close();
    };
    const closable = verdict.closable !== false;
    this.show(
      place,
      appealPanel(verdict.surface, verdict.kind, verdict.content, locale, give, closable ? dismiss : undefined),
      closable ? () => dismiss("close") : undefined,
    );
    if (!place) return;
    whenSeen(this.shown!.panel.element, () => {
      if (this.counted) return;
      this.counted = true;
      const granted = settings.consent === "granted";
      report(settings, verdict, "view", granted ? { ordinal: ordinal(memory.read().views, verdict.appeal) } : {});
      note((kept) => (kept.views = remember(kept.views, viewOf(verdict.appeal, verdict.variant, this.now()), this.now())));
    });
  }

  private note(which: Parameters<typeof notePanel>[0]): void {
    this.show(placeFor("banner", this.settings.edge), notePanel(which, () => this.close()));
  }

  private show(place: AppealElement | undefined, panel: Panel, onEscape = () => this.close()): void {
    this.close();
    if (!place) return;
    place.fill(panel.element);
    this.shown = { place, panel };
    if (place.surface !== "banner") return;
    const escape = (event: KeyboardEvent) => {
      // At the top edge it scrolls away with the page; then the key is meant for something else.
      if (event.key === "Escape" && !event.defaultPrevented && panel.element.getBoundingClientRect().bottom > 0) onEscape();
    };
    document.addEventListener("keydown", escape);
    this.shown.escape = () => document.removeEventListener("keydown", escape);
  }

  private close(): void {
    this.shown?.escape?.();
    this.shown?.place.clear();
    this.shown = undefined;
  }

  private drop(pending: Pending, token?: string): void {
    this.memory.change((kept) => {
      kept.pending = kept.pending.filter((other) => other.session !== pending.session);
      if (!token) return;
      kept.token = token;
      delete kept.hold;
      delete kept.checked;
    });
  }

  private update(pending: Pending, change: Partial<Pending>): void {
    this.memory.change((kept) => {
      kept.pending = kept.pending.map((other) => (other.session === pending.session ? { ...other, ...change } : other));
    });
  }

  /** Writes down what needs the reader's consent. */
  private keep(how: Parameters<Memory["change"]>[0]): void {
    if (this.settings.consent === "granted") this.memory.change(how);
  }

  private context(): Question {
    const { site, consent } = this.settings;
    return readContext(site, this.surfaces(), consent, pageSource(this.attributes()));
  }

  private surfaces(): Surface[] {
    const listed = this.settings.attributes.surfaces?.split(/[\s,]+/).filter(Boolean) as Surface[] | undefined;
    return [...new Set<Surface>(listed?.length ? listed : ["banner", ...places().map((place) => place.surface)])];
  }

  private attributes(): Record<string, string | undefined> {
    return Object.assign({}, this.settings.attributes, ...places().map((place) => ({ ...place.dataset })));
  }
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

/** Lets the page's own scripts follow, without anything about the person. */
function tell(name: "verdict" | "gift", detail: unknown): void {
  document.dispatchEvent(new CustomEvent(`keepopen:${name}`, { detail }));
}

function verdictWords(verdict: Verdict): unknown {
  if (!verdict.show) return { show: false, reason: verdict.reason };
  const { surface, kind, appeal, variant, reason } = verdict;
  return { show: true, surface, kind, appeal, variant, reason };
}
