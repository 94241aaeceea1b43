import { Checkout } from "./checkout";
import type { DismissalKind, Gift, Shown, Words } from "./contract";
import { AppealElement, placeFor } from "./element";
import { dismissalOf, ordinal, remember, viewOf } from "./history";
import type { Memory } from "./memory";
import { TAG } from "./names";
import type { Embed } from "./parts";
import { appealPanel, notePanel, type Panel, previewMark, thanksPanel } from "./render";
import { report, whenSeen } from "./report";
import { filled } from "./values";
import { speak } from "./words";

// The part that shows something: fetched only when there is something to show.

customElements.define(TAG, AppealElement);

/** What stands on the page now. */
let shown: { place: AppealElement; panel: Panel; escape?: () => void } | undefined;
/** The view of this page was counted. */
let counted = false;

/** Shows an appeal in its place; false where the page has none. */
export async function showAppeal(embed: Embed, answer: Shown): Promise<boolean> {
  const { settings, memory } = embed;
  const locale = answer.content.locale || document.documentElement.lang;
  speak(await embed.language(locale));
  const verdict = { ...answer, content: filled(answer.content, answer.values, locale) };
  const place = placeFor(verdict.surface, settings.edge);
  const checkout = new Checkout(embed, verdict);
  /** Writes down what needs the reader's consent. */
  const keep = (how: Parameters<Memory["change"]>[0]) => settings.consent === "granted" && memory.change(how);
  const note: typeof keep = (how) => !!verdict.attribution && keep(how);
  const give = async (gift: Gift) => {
    report(settings, verdict, "click");
    const opened = await checkout.open(gift, location.href, embed.now());
    if (!("url" in opened)) return opened;
    keep((kept) => (kept.pending = [...kept.pending, opened.pending].slice(-5)));
    location.assign(opened.url);
    return undefined;
  };
  const dismiss = (how: DismissalKind) => {
    note((kept) => (kept.dismissals = remember(kept.dismissals, dismissalOf(verdict.appeal, how, embed.now()), embed.now())));
    report(settings, verdict, "dismiss", { dismissal: how });
    close();
  };
  const closable = verdict.closable !== false;
  show(
    place,
    appealPanel(verdict.surface, verdict.kind, verdict.content, locale, give, closable ? dismiss : undefined),
    closable ? () => dismiss("close") : undefined,
  );
  if (!shown) return false;
  if (!verdict.attribution) shown.panel.element.prepend(previewMark());
  whenSeen(shown.panel.element, () => {
    if (counted) return;
    counted = true;
    const granted = settings.consent === "granted";
    report(settings, verdict, "view", granted ? { ordinal: ordinal(memory.read().views, verdict.appeal) } : {});
    note((kept) => (kept.views = remember(kept.views, viewOf(verdict.appeal, verdict.variant, embed.now()), embed.now())));
  });
  return true;
}

/** Says thanks, once, when the money is there. */
export async function showThanks(embed: Embed, content: Words | undefined): Promise<void> {
  speak(await embed.language(content?.locale ?? document.documentElement.lang));
  show(placeFor("banner", embed.settings.edge), thanksPanel(content, () => close()));
}

/** Says one quiet line. */
export async function showNote(embed: Embed, which: Parameters<typeof notePanel>[0]): Promise<void> {
  speak(await embed.language(document.documentElement.lang));
  show(placeFor("banner", embed.settings.edge), notePanel(which, () => close()));
}

/** Makes the buttons of what is shown work again, after a visit to the payment page. */
export function ready(): typeof shown {
  shown?.panel.ready();
  return shown;
}

/** Takes away what is shown, or only this. */
export function close(only?: unknown): void {
  if (!shown || (only && only !== shown)) return;
  shown.escape?.();
  shown.place.clear();
  shown = undefined;
}

function show(place: AppealElement | undefined, panel: Panel, onEscape = () => close()): void {
  close();
  if (!place) return;
  place.fill(panel.element);
  const now: typeof shown = { place, panel };
  shown = now;
  if (place.surface !== "banner") return;
  const escape = (event: KeyboardEvent) => {
    // At the top edge it scrolls away with the page; then the key is meant for something else.
    if (event.key === "Escape" && !event.defaultPrevented && panel.element.getBoundingClientRect().bottom > 0) onEscape();
  };
  document.addEventListener("keydown", escape);
  now.escape = () => document.removeEventListener("keydown", escape);
}
