import type { FormActions } from "./choices";
import type { DismissalKind, Gift, AppealVerdict } from "./contract";
import { pageWords } from "./days";
import { AppealElement, placeFor } from "./element";
import { dismissalOf, nextOrdinal, remember, viewOf } from "./history";
import { fetchLanguage, type Language } from "./language";
import type { Memory } from "./memory";
import { TAG } from "./names";
import type { Embed } from "./parts";
import { appealPanel, dismissalMessage, type Panel, messagePanel } from "./render";
import { report, whenSeen } from "./report";
import style from "./style.css";
import { canWriteTimes, chooseLanguage } from "./words";

// This part of the script (see `parts.ts`) draws appeals and messages. It is fetched only when there is something to
// show.

if (!customElements.get(TAG)) customElements.define(TAG, AppealElement);

/** What the page shows now. `escape` removes the listener for the Escape key. */
let shown: { place: AppealElement; panel: Panel; escape?: () => void } | undefined;
/**
 * The `pageIndex` (see `Embed`) of the last page on which a view was counted. This includes a view that was counted
 * before the reader left the page to pay.
 */
let countedPage: number | undefined;

/**
 * Shows an appeal in its place, a `<keepopen-appeal>` element. Returns false if the page has no such place, if the
 * answer is malformed, or if the reader has moved to another page. `abandoned` is the choice of a reader who comes back
 * without having paid, and `sentence` the message to show with it.
 */
export async function showAppeal(embed: Embed, answer: AppealVerdict, abandoned?: Gift, sentence?: string): Promise<boolean> {
  const { settings, memory, pageIndex } = embed;
  if (typeof answer.content?.heading !== "string" || !Array.isArray(answer.content.body)) return false;
  const locale = answer.content.locale || document.documentElement.lang;
  const isRich = answer.content.ticker || answer.content.body.some((block) => typeof block !== "string");
  const [language, rich, values] = await Promise.all([
    fetchLanguage(embed, locale),
    // If this part can't be fetched, the plain paragraphs are shown anyway.
    isRich ? embed.part("rich").catch(() => undefined) : undefined,
    answer.values && embed.part("values"),
  ]);
  chooseLanguage(pageWords(locale), language);
  const verdict = { ...answer };
  if (values) verdict.content = values.filled(answer.content, answer.values, locale);
  // The reader may have moved to another page in the meantime.
  if (embed.pageIndex !== pageIndex) return false;
  // A preview, which has no attribution, is not reported, stored or counted. An appeal that is shown again was reported
  // and counted before.
  const isPreview = !answer.attribution;
  if (abandoned) countedPage = pageIndex;
  else if (!isPreview) {
    const { show, surface, kind, appeal, variant, reason } = answer;
    embed.dispatch("verdict", { show, surface, kind, appeal, variant, reason });
  }
  // If the dismissal can't be stored, don't promise for how long the reader won't be asked.
  const days = memory.canStore() && canWriteTimes() ? verdict.content.quiet_days : undefined;
  const place = placeFor(verdict.surface, edge(embed));
  /** Changes the stored entry, if the reader consents and this is not a preview. */
  const save = (how: Parameters<Memory["change"]>[0]) => !isPreview && memory.canStore() && memory.change(how);
  const actions: FormActions = {
    loadCheckout: () => embed.part("checkout"),
    openPayment(gift, phrase) {
      report(settings, verdict, "click");
      return embed.use("checkout", "openPayment", verdict, gift, { phrase, interval: gift.interval, at: embed.now(), quiet: days?.gift }, locale);
    },
  };
  const dismiss = (how: DismissalKind) => {
    save((stored) => (stored.dismissals = remember(stored.dismissals, dismissalOf(verdict.appeal, how, embed.now()), embed.now())));
    report(settings, verdict, "dismiss", { dismissal: how });
    close();
    place?.announce(dismissalMessage(how, days));
  };
  const closable = verdict.closable !== false;
  const panel = appealPanel(verdict.surface, verdict.kind, verdict.content, locale, days, actions, rich, closable ? dismiss : undefined);
  show(embed, place, panel, closable ? () => dismiss("close") : undefined, rich?.css);
  if (!place) return false;
  // A reader who points at the appeal or focuses it may give, so fetch the checkout part now.
  for (const event of ["pointerover", "focusin"]) panel.element.addEventListener(event, () => void actions.loadCheckout().catch(() => {}), { once: true });
  if (abandoned) panel.ready(abandoned, sentence);
  whenSeen(panel.element, () => {
    if (countedPage === pageIndex) return;
    countedPage = pageIndex;
    report(settings, verdict, "view", memory.canStore() ? { ordinal: nextOrdinal(memory.read().views, verdict.appeal) } : {});
    save((stored) => (stored.views = remember(stored.views, viewOf(verdict.appeal, verdict.variant, embed.now()), embed.now())));
  });
  return true;
}

/** Shows a message (thanks, or a note) that the reader can only close. */
export function showMessage(embed: Embed, kind: "thank" | "note", language: Language | undefined, locale: string, text: HTMLElement, extraStyle: string): void {
  chooseLanguage(pageWords(locale), language);
  show(embed, placeFor("banner", edge(embed)), messagePanel(kind, locale, text, () => close()), () => close(), extraStyle);
}

/** Shows the appeal again, with the reader's choice, after the reader came back without having paid. */
export async function showAbandoned(embed: Embed, verdict: AppealVerdict, gift: Gift, sentence: string): Promise<void> {
  if (shown) shown.panel.ready(gift, sentence);
  else await showAppeal(embed, verdict, gift, sentence);
}

/** Enables the form of the current panel again after a visit to the payment page. Returns what is shown. */
export function ready(): typeof shown {
  shown?.panel.ready();
  return shown;
}

/** Removes what is shown. If `only` is given and is no longer shown, removes nothing. */
export function close(only?: unknown): void {
  if (!shown || (only && only !== shown)) return;
  shown.escape?.();
  shown.place.clear();
  shown = undefined;
}

/** Returns the edge of the page at which the script tag wants a banner. */
function edge({ settings }: Embed): "top" | "bottom" {
  return settings.attributes.edge === "top" ? "top" : "bottom";
}

/**
 * Removes the current panel and shows another one in a place, with `extraStyle` after the usual style sheet. In a
 * banner, the Escape key calls `onEscape`.
 */
function show(embed: Embed, place: AppealElement | undefined, panel: Panel, onEscape = () => close(), extraStyle = ""): void {
  close();
  if (!place) return;
  place.showPanel(panel.element, style + extraStyle);
  if (panel.announcement) place.announce(panel.announcement);
  const current: typeof shown = { place, panel };
  shown = current;
  // Remove the panel when the page becomes another one without a reload.
  embed.close = close;
  embed.part("follow").then((follow) => follow.watch(embed), () => {});
  if (place.surface !== "banner") return;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && isForPanel(place, panel.element)) onEscape();
  };
  document.addEventListener("keydown", onKeyDown);
  current.escape = () => document.removeEventListener("keydown", onKeyDown);
}

/**
 * Whether a key press is meant for the panel: the panel has the focus, or the panel is visible, nothing else has the
 * focus, and no dialog is open.
 */
function isForPanel(place: Element, panel: Element): boolean {
  if (place.matches(":focus-within")) return true;
  const { activeElement: active, body, fullscreenElement } = document;
  const hasNoFocus = !active || active === body;
  return hasNoFocus && !fullscreenElement && panel.getBoundingClientRect().bottom > 0 && !document.querySelector("dialog[open],[aria-modal=true]");
}
