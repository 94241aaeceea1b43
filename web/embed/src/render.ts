import { choiceForm, type FormActions } from "./choices";
import type { Content, DismissalKind, Gift, Kind, QuietDays, Surface } from "./contract";
import { button, make, makePart } from "./dom";
import { insertValue } from "./days";
import type { Parts } from "./parts";
import { directionOf, formatFromNow, formatPeriod, language, words } from "./words";

/**
 * The panel that the reader sees. `ready` enables its form again after a visit to the payment page, selects `gift`, and
 * shows `sentence`.
 */
export interface Panel {
  element: HTMLElement;
  ready(gift?: Gift, sentence?: string): void;
  /** The text that a screen reader announces when the panel appears. An appeal has none. */
  announcement?: string;
}

/**
 * Makes the panel of an appeal: heading, text, choices, and buttons that dismiss it. Without `onDismiss`, there are no
 * such buttons. `days` says for how many days the reader is not asked after each kind of dismissal.
 */
export function appealPanel(
  surface: Surface,
  kind: Kind,
  content: Content,
  locale: string,
  days: QuietDays | null | undefined,
  actions: FormActions,
  rich: Parts["rich"] | undefined,
  onDismiss: ((how: DismissalKind) => void) | undefined,
): Panel {
  const choices = kind === "thank" ? undefined : content.choices;
  const form = choices ? choiceForm(choices, content.cta ?? words.give, locale, actions) : undefined;
  const close = onDismiss && closeButton(() => onDismiss("close"), content.dismiss, content.locale, days);
  const text = appealText(content, locale, rich);
  const element = panelSection(
    surface,
    kind,
    locale,
    close,
    text,
    form && make("div", { class: "giving" }, form.element, onDismiss && dismissButtons(onDismiss, days)),
  );
  if (form) text.append(moreButton(element));
  return { element, ready: (gift, sentence) => form?.ready(gift, sentence) };
}

/**
 * Returns the sentence that follows a dismissal. It says for how long the reader won't be asked; if that is not known,
 * it is empty.
 */
export function dismissalMessage(how: DismissalKind, days: QuietDays | null | undefined): string {
  const count = days?.[how];
  return count ? insertValue(words.farewell[how], how === "later" ? formatFromNow(count) : formatPeriod(count)) : "";
}

/** Makes the panel of a message that the reader can only close: the thanks, or a note. */
export function messagePanel(kind: string, locale: string, text: HTMLElement, onClose: () => void): Panel {
  return { element: panelSection("banner", kind, locale, closeButton(onClose), text), ready: () => {}, announcement: text.textContent! };
}

/** Makes the section that surrounds the contents of every panel. */
function panelSection(surface: Surface, kind: string, locale: string, ...children: (HTMLElement | undefined)[]): HTMLElement {
  return make(
    "section",
    { class: `panel ${surface} ${kind}`, lang: language, dir: directionOf(locale), part: "panel", "data-test": `panel-${kind}`, "aria-labelledby": "heading" },
    make("div", { class: "inner" }, ...children),
  );
}

/** Makes the text of an appeal: its heading, its body and its ticker. */
function appealText(content: Content, locale: string, rich: Parts["rich"] | undefined): HTMLElement {
  // If the part `rich` is not needed or can't be fetched, the body consists of its plain paragraphs.
  const texts = content.body?.filter((block) => typeof block === "string") ?? [];
  const body = rich?.blocks(content.body ?? []) ?? texts.map((text) => make("p", { part: "body" }, text));
  body.find((block) => block.tagName === "P")?.classList.add("first");
  return make(
    "div",
    { class: "words", lang: content.locale || undefined },
    makePart("h2", "heading", { id: "heading" }, content.heading),
    ...body,
    content.ticker ? rich?.tickerLine(content.ticker, locale, language, words) : undefined,
  );
}

/** Makes the button that shows the text and choices that a small screen hides at first. */
function moreButton(panel: HTMLElement): HTMLElement {
  const more = button("more", words.more, () => {
    const open = panel.classList.toggle("open");
    panel.classList.toggle("folded", !open);
    more.textContent = open ? words.less : words.more;
    more.setAttribute("aria-expanded", String(open));
  }, { "aria-expanded": "false", lang: language });
  return more;
}

function closeButton(press: () => void, label?: string | null, lang?: string | null, days?: QuietDays | null): HTMLElement {
  const element = button("close", "", press, { title: dismissalMessage("close", days) });
  if (label) element.append(make("span", { lang: lang ?? undefined }, label, days?.close ? make("i", { lang: language }, ` ${insertValue(words.quietFor, formatPeriod(days.close))}`) : ""));
  else element.setAttribute("aria-label", words.close);
  element.append(make("span", { class: "cross", "aria-hidden": "true" }, "×"));
  return element;
}

function dismissButtons(onDismiss: (how: DismissalKind) => void, days: QuietDays | null | undefined): HTMLElement {
  return make(
    "div",
    { class: "ways-out" },
    button("later", days?.later ? insertValue(words.later, formatFromNow(days.later)) : words.notToday, () => onDismiss("later")),
    button("already", words.already, () => onDismiss("already_gave"), { title: dismissalMessage("already_gave", days) }),
  );
}
