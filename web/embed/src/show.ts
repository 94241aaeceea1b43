import { Checkout } from "./checkout";
import type { DismissalKind, Gift, Shown } from "./contract";
import { AppealElement, placeFor } from "./element";
import { pageWords } from "./days";
import { dismissalOf, ordinal, remember, viewOf } from "./history";
import type { Memory } from "./memory";
import { TAG } from "./names";
import type { Embed, Language } from "./parts";
import { appealPanel, farewell, type Panel, still } from "./render";
import { report, whenSeen } from "./report";
import style from "./style.css";
import { canTell, speak } from "./words";

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
  speak(pageWords(locale), await embed.language(locale));
  const verdict = { ...answer };
  if (answer.values) verdict.content = (await embed.part("values")).filled(answer.content, answer.values, locale);
  // Where nothing may be remembered, nothing can be promised.
  const days = settings.consent === "granted" && canTell() ? verdict.content.quiet_days : undefined;
  const place = placeFor(verdict.surface, settings.edge);
  const checkout = new Checkout(embed, verdict);
  /** Writes down what needs the reader's consent. */
  const keep = (how: Parameters<Memory["change"]>[0]) => settings.consent === "granted" && memory.change(how);
  const note: typeof keep = (how) => !!verdict.attribution && keep(how);
  const give = async (gift: Gift, phrase: string) => {
    report(settings, verdict, "click");
    const opened = await checkout.open(gift, location.href, embed.now());
    if (!("url" in opened)) return opened;
    const { thanks } = verdict.content;
    if (thanks) opened.pending.thanks = { ...thanks, locale };
    opened.pending.gift = { phrase, interval: gift.interval, at: embed.now(), quiet: days?.gift };
    keep((kept) => (kept.pending = [...kept.pending, opened.pending].slice(-5)));
    location.assign(opened.url);
    return undefined;
  };
  const dismiss = (how: DismissalKind) => {
    note((kept) => (kept.dismissals = remember(kept.dismissals, dismissalOf(verdict.appeal, how, embed.now()), embed.now())));
    report(settings, verdict, "dismiss", { dismissal: how });
    close();
    place?.say(farewell(how, days));
  };
  const closable = verdict.closable !== false;
  show(
    place,
    appealPanel(verdict.surface, verdict.kind, verdict.content, locale, days, give, closable ? dismiss : undefined),
    closable ? () => dismiss("close") : undefined,
  );
  if (!shown) return false;
  whenSeen(shown.panel.element, () => {
    if (counted) return;
    counted = true;
    const granted = settings.consent === "granted";
    report(settings, verdict, "view", granted ? { ordinal: ordinal(memory.read().views, verdict.appeal) } : {});
    note((kept) => (kept.views = remember(kept.views, viewOf(verdict.appeal, verdict.variant, embed.now()), embed.now())));
  });
  return true;
}

/** Shows what is only said, and closed. */
export function showStill(embed: Embed, kind: "thank" | "note", language: Language | undefined, locale: string, text: HTMLElement, more: string): void {
  speak(pageWords(locale), language);
  show(placeFor("banner", embed.settings.edge), still(kind, locale, text, () => close()), () => close(), more);
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

function show(place: AppealElement | undefined, panel: Panel, onEscape = () => close(), more = ""): void {
  close();
  if (!place) return;
  place.fill(panel.element, style + more);
  if (panel.says) place.say(panel.says);
  const now: typeof shown = { place, panel };
  shown = now;
  if (place.surface !== "banner") return;
  const escape = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && isOurs(place, panel.element)) onEscape();
  };
  document.addEventListener("keydown", escape);
  now.escape = () => document.removeEventListener("keydown", escape);
}

/** Whether a key that was pressed now is meant for the panel: it has the focus, or it is in sight and nothing else has it. */
function isOurs(place: Element, panel: Element): boolean {
  if (place.matches(":focus-within")) return true;
  const { activeElement: active, body, fullscreenElement } = document;
  const free = !active || active === body;
  return free && !fullscreenElement && panel.getBoundingClientRect().bottom > 0 && !document.querySelector("dialog[open],[aria-modal=true]");
}
