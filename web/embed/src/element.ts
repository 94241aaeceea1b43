import type { Surface } from "./contract";
import { make } from "./dom";
import { TAG } from "./names";
import { makeRoom } from "./room";
import { followPage } from "./tone";

/**
 * The delay before an announcement. Screen readers announce only changes of a live region, so the region must be on the
 * page before its text is added.
 */
const SPEAK_AFTER_MS = 150;
/** How long the text of an announcement stays. */
const SHOW_FOR_MS = 8_000;

/**
 * The element `<keepopen-appeal surface="banner|inline|wall">`: a place where an appeal can show. The element is empty
 * until an appeal shows there.
 */
export class AppealElement extends HTMLElement {
  private root = this.attachShadow({ mode: "open" });
  private hiddenSiblings: { element: HTMLElement; display: string }[] = [];
  private live = make("p", { class: "say", role: "status", "data-test": "say" });
  private panel?: HTMLElement;
  /** Functions that undo the panel's changes to the page. */
  private undo: (() => void)[] = [];
  /** The element that had the focus before the appeal got it. */
  private previousFocus?: HTMLElement;

  constructor() {
    super();
    this.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget instanceof HTMLElement) this.previousFocus = relatedTarget;
    });
  }

  get surface(): Surface {
    const wanted = this.getAttribute("surface");
    return wanted === "inline" || wanted === "wall" ? wanted : "banner";
  }

  /** Shows a panel with this style sheet. A wall hides the siblings that follow it. */
  showPanel(panel: HTMLElement, style: string): void {
    this.clear();
    this.root.replaceChildren();
    this.applyStyle(style);
    this.panel = panel;
    this.live.textContent = "";
    this.root.append(panel, this.live);
    this.undo.push(followPage(panel, this));
    if (this.surface === "banner") this.undo.push(makeRoom(panel, this));
    if (this.surface === "wall") this.hideSiblings();
  }

  /** Removes the panel, and shows the elements that a wall has hidden. */
  clear(): void {
    const hadFocus = this.matches(":focus-within");
    for (const undo of this.undo.splice(0)) undo();
    this.panel?.remove();
    if (hadFocus) this.previousFocus?.focus({ preventScroll: true });
    for (const { element, display } of this.hiddenSiblings) element.style.display = display;
    this.hiddenSiblings = [];
  }

  /** Announces a sentence to screen readers. If there is no panel, the sentence is also visible for a few seconds. */
  announce(sentence: string): void {
    setTimeout(() => (this.live.textContent = sentence), SPEAK_AFTER_MS);
    setTimeout(() => this.live.textContent === sentence && this.live.replaceChildren(), SHOW_FOR_MS);
  }

  private hideSiblings(): void {
    for (let next = this.nextElementSibling; next; next = next.nextElementSibling) {
      if (!(next instanceof HTMLElement)) continue;
      this.hiddenSiblings.push({ element: next, display: next.style.display });
      next.style.display = "none";
    }
  }

  /**
   * Applies the style sheet. A constructed sheet works under a strict content security policy; older browsers get a
   * style element.
   */
  private applyStyle(style: string): void {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.root.adoptedStyleSheets = [sheet];
    } catch {
      this.root.append(make("style", {}, style));
    }
  }
}

/** Returns the places on this page, in page order. */
export function places(): AppealElement[] {
  return [...document.querySelectorAll<AppealElement>(TAG)];
}

/** Returns the visible place for a surface. If the page has no visible place for the banner, adds a place. */
export function placeFor(surface: Surface, edge: "top" | "bottom"): AppealElement | undefined {
  const found = places().find((place) => place.surface === surface && isVisible(place));
  if (found || surface !== "banner") return found && withEdge(found, edge);
  const made = withEdge(document.createElement(TAG) as AppealElement, edge);
  made.setAttribute("surface", "banner");
  if (edge === "top") document.body.prepend(made);
  else document.body.append(made);
  return made;
}

/** Sets the edge of a place for the banner: the edge that the place names, or else `edge`. */
function withEdge(place: AppealElement, edge: "top" | "bottom"): AppealElement {
  if (place.surface === "banner") place.setAttribute("edge", place.dataset.edge ?? edge);
  return place;
}

/** Whether the page shows this place. */
function isVisible(place: Element): boolean {
  return place.checkVisibility?.({ visibilityProperty: true }) !== false;
}
