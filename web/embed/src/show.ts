import type { Next } from "./choices";
import type { DismissalKind, Gift, Shown } from "./contract";
import { pageWords } from "./days";
import { AppealElement, placeFor } from "./element";
import { dismissalOf, ordinal, remember, viewOf } from "./history";
import { fetchLanguage, type Language } from "./language";
import type { Memory } from "./memory";
import { TAG } from "./names";
import type { Embed } from "./parts";
import { appealPanel, farewell, type Panel, still } from "./render";
import { report, whenSeen } from "./report";
import style from "./style.css";
import { canTell, speak } from "./words";

// The part that shows something: fetched only when there is something to show.

if (!customElements.get(TAG)) customElements.define(TAG, AppealElement);

/** What stands on the page now. */
let shown: { place: AppealElement; panel: Panel; escape?: () => void } | undefined;
/** The page whose view was counted. */
let counted: number | undefined;

/** Shows an appeal in its place; false where the page has none. `left` is the choice of a reader who comes back without having paid. */
export async function showAppeal(embed: Embed, answer: Shown, left?: Gift, sentence?: string): Promise<boolean> {
  const { settings, memory, turn } = embed;
  if (typeof answer.content?.heading !== "string" || !Array.isArray(answer.content.body)) return false;
  const locale = answer.content.locale || document.documentElement.lang;
  const isRich = answer.content.ticker || answer.content.body.some((block) => typeof block !== "string");
  const [spoken, rich, values] = await Promise.all([
    fetchLanguage(embed, locale),
    // Without it, the plain paragraphs are there all the same.
    isRich ? embed.part("rich").catch(() => undefined) : undefined,
    answer.values && embed.part("values"),
  ]);
  speak(pageWords(locale), spoken);
  const verdict = { ...answer };
  if (values) verdict.content = values.filled(answer.content, answer.values, locale);
  // The reader may have gone on meanwhile.
  if (embed.turn !== turn) return false;
  // Of a preview nothing is told, written down or counted; of what stands there again, it was.
  const isPreview = !answer.attribution;
  if (left) counted = turn;
  else if (!isPreview) {
    const { show, surface, kind, appeal, variant, reason } = answer;
    embed.tell("verdict", { show, surface, kind, appeal, variant, reason });
  }
  // Where nothing may be remembered, nothing can be promised.
  const days = memory.works() && canTell() ? verdict.content.quiet_days : undefined;
  const place = placeFor(verdict.surface, edge(embed));
  /** Writes down what needs the reader's consent. */
  const note = (how: Parameters<Memory["change"]>[0]) => !isPreview && memory.works() && memory.change(how);
  const next: Next = {
    part: () => embed.part("checkout"),
    give(gift, phrase) {
      report(settings, verdict, "click");
      return embed.use("checkout", "openPayment", verdict, gift, { phrase, interval: gift.interval, at: embed.now(), quiet: days?.gift }, locale);
    },
  };
  const dismiss = (how: DismissalKind) => {
    note((kept) => (kept.dismissals = remember(kept.dismissals, dismissalOf(verdict.appeal, how, embed.now()), embed.now())));
    report(settings, verdict, "dismiss", { dismissal: how });
    close();
    place?.say(farewell(how, days));
  };
  const closable = verdict.closable !== false;
  const panel = appealPanel(verdict.surface, verdict.kind, verdict.content, locale, days, next, rich, closable ? dismiss : undefined);
  show(embed, place, panel, closable ? () => dismiss("close") : undefined, rich?.css);
  if (!place) return false;
  // Whoever turns to the form may give.
  for (const turn of ["pointerover", "focusin"]) panel.element.addEventListener(turn, () => void next.part().catch(() => {}), { once: true });
  if (left) panel.ready(left, sentence);
  whenSeen(panel.element, () => {
    if (counted === turn) return;
    counted = turn;
    report(settings, verdict, "view", memory.works() ? { ordinal: ordinal(memory.read().views, verdict.appeal) } : {});
    note((kept) => (kept.views = remember(kept.views, viewOf(verdict.appeal, verdict.variant, embed.now()), embed.now())));
  });
  return true;
}

/** Shows what is only said, and closed. */
export function showStill(embed: Embed, kind: "thank" | "note", language: Language | undefined, locale: string, text: HTMLElement, more: string): void {
  speak(pageWords(locale), language);
  show(embed, placeFor("banner", edge(embed)), still(kind, locale, text, () => close()), () => close(), more);
}

/** The reader came back without having paid: what was left stands there again as it was. */
export async function showLeft(embed: Embed, verdict: Shown, gift: Gift, sentence: string): Promise<void> {
  if (shown) shown.panel.ready(gift, sentence);
  else await showAppeal(embed, verdict, gift, sentence);
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

function edge({ settings }: Embed): "top" | "bottom" {
  return settings.attributes.edge === "top" ? "top" : "bottom";
}

function show(embed: Embed, place: AppealElement | undefined, panel: Panel, onEscape = () => close(), more = ""): void {
  close();
  if (!place) return;
  place.fill(panel.element, style + more);
  if (panel.says) place.say(panel.says);
  const now: typeof shown = { place, panel };
  shown = now;
  // What stands there goes when the page becomes another.
  embed.close = close;
  embed.part("follow").then((follow) => follow.watch(embed), () => {});
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
