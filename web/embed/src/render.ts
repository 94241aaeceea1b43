import { ChoiceForm, type Give } from "./choices";
import type { Content, DismissalKind, Kind, Surface, Words } from "./contract";
import { blocks } from "./blocks";
import { button, make } from "./dom";
import { tickerLine } from "./ticker";
import { language, words } from "./words";

/** What is put before the reader, and how to wake its form after a visit to the payment page. */
export interface Panel {
  element: HTMLElement;
  ready(): void;
}

/** An appeal: heading, text, choices and the ways out of it; none where the reader may not send it away. */
export function appealPanel(
  surface: Surface,
  kind: Kind,
  content: Content,
  locale: string,
  onGive: Give,
  onDismiss: ((how: DismissalKind) => void) | undefined,
): Panel {
  const choices = kind === "thank" ? undefined : content.choices;
  const form = choices ? new ChoiceForm(choices, content.cta ?? words.give, locale, onGive) : undefined;
  const close = onDismiss && closeButton(() => onDismiss("close"), content.dismiss ?? undefined, content.locale ?? undefined);
  const element = frame(
    surface,
    kind,
    close,
    wording(content, content.ticker ? tickerLine(content.ticker, locale) : undefined),
    form && make("div", { class: "giving" }, form.element, onDismiss && waysOut(onDismiss)),
  );
  return { element, ready: () => form?.ready() };
}

/** Thanks, said once when the money is there. */
export function thanksPanel(content: Words | undefined, onClose: () => void): Panel {
  return still("thank", wording(content?.heading ? content : words.thanks), onClose);
}

/** One quiet line. */
export function notePanel(which: "onItsWay" | "notThrough", onClose: () => void): Panel {
  return still("note", make("div", { class: "words" }, make("p", { part: "note", "data-test": "note", id: "heading" }, words[which])), onClose);
}

/** Says that this is no appeal to readers. */
export function previewMark(): HTMLElement {
  return make("p", { class: "preview", part: "preview", "data-test": "preview" }, words.preview);
}

function still(kind: string, text: HTMLElement, onClose: () => void): Panel {
  text.setAttribute("role", "status");
  return { element: frame("banner", kind, closeButton(onClose), text), ready: () => {} };
}

function frame(surface: Surface, kind: string, ...children: (HTMLElement | undefined)[]): HTMLElement {
  return make(
    "section",
    { class: `panel ${surface} ${kind}`, lang: language, part: "panel", "data-test": `panel-${kind}`, "aria-labelledby": "heading" },
    make("div", { class: "inner" }, ...children),
  );
}

function wording(content: Words, ticker?: HTMLElement): HTMLElement {
  return make(
    "div",
    { class: "words", lang: content.locale || undefined, dir: "auto" },
    make("h2", { id: "heading", part: "heading", "data-test": "heading" }, content.heading),
    ...blocks(content.body ?? []),
    ticker,
  );
}

function closeButton(press: () => void, label?: string, lang?: string): HTMLElement {
  const cross = make("span", { class: "cross", "aria-hidden": "true" }, "×");
  const element = button("close", label ?? "", press, label ? { lang } : { "aria-label": words.close });
  element.append(cross);
  return element;
}

function waysOut(onDismiss: (how: DismissalKind) => void): HTMLElement {
  return make(
    "div",
    { class: "ways-out" },
    button("later", words.later, () => onDismiss("later")),
    button("already", words.already, () => onDismiss("already_gave")),
  );
}
