import type { Surface } from "./contract";
import { make } from "./dom";
import { TAG } from "./names";
import { makeRoom } from "./room";
import { followPage } from "./tone";

/** A live region speaks of what changes in it, so it must be there before. */
const SPEAK_AFTER_MS = 150;
const SHOW_FOR_MS = 8_000;

/** `<keepopen-appeal surface="banner|inline|wall">`: an empty place until the service answers. */
export class AppealElement extends HTMLElement {
  private root = this.attachShadow({ mode: "open" });
  private covered: { element: HTMLElement; display: string }[] = [];
  private live = make("p", { class: "say", role: "status", "data-test": "say" });
  private panel?: HTMLElement;
  /** Gives back to the page what the panel took of it. */
  private undo: (() => void)[] = [];
  /** What had the focus before it came here. */
  private cameFrom?: HTMLElement;

  constructor() {
    super();
    this.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget instanceof HTMLElement) this.cameFrom = relatedTarget;
    });
  }

  get surface(): Surface {
    const wanted = this.getAttribute("surface");
    return wanted === "inline" || wanted === "wall" ? wanted : "banner";
  }

  /** Puts a panel into the page, dressed in this style sheet. A wall covers what follows it in the article. */
  fill(panel: HTMLElement, style: string): void {
    this.clear();
    this.root.replaceChildren();
    this.dress(style);
    this.panel = panel;
    this.live.textContent = "";
    this.root.append(panel, this.live);
    this.undo.push(followPage(panel, this));
    if (this.surface === "banner") this.undo.push(makeRoom(panel, this));
    if (this.surface === "wall") this.cover();
  }

  /** Empties the place and gives the article back. */
  clear(): void {
    const hadFocus = this.matches(":focus-within");
    for (const undo of this.undo.splice(0)) undo();
    this.panel?.remove();
    if (hadFocus) this.cameFrom?.focus({ preventScroll: true });
    for (const { element, display } of this.covered) element.style.display = display;
    this.covered = [];
  }

  /** Says it aloud to those who do not see it; shows it for a while where no panel stands. */
  say(sentence: string): void {
    setTimeout(() => (this.live.textContent = sentence), SPEAK_AFTER_MS);
    setTimeout(() => this.live.textContent === sentence && this.live.replaceChildren(), SHOW_FOR_MS);
  }

  private cover(): void {
    for (let next = this.nextElementSibling; next; next = next.nextElementSibling) {
      if (!(next instanceof HTMLElement)) continue;
      this.covered.push({ element: next, display: next.style.display });
      next.style.display = "none";
    }
  }

  /** A sheet made by script works under a strict content security policy; older browsers get a style element. */
  private dress(style: string): void {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.root.adoptedStyleSheets = [sheet];
    } catch {
      this.root.append(make("style", {}, style));
    }
  }
}

/** The places on this page, in page order. */
export function places(): AppealElement[] {
  return [...document.querySelectorAll<AppealElement>(TAG)];
}

/** The place for a surface; a banner is made where there is none. */
export function placeFor(surface: Surface, edge: "top" | "bottom"): AppealElement | undefined {
  const found = places().find((place) => place.surface === surface && isThere(place));
  if (found || surface !== "banner") return found && edged(found, edge);
  const made = edged(document.createElement(TAG) as AppealElement, edge);
  made.setAttribute("surface", "banner");
  if (edge === "top") document.body.prepend(made);
  else document.body.append(made);
  return made;
}

function edged(place: AppealElement, edge: "top" | "bottom"): AppealElement {
  if (place.surface === "banner") place.setAttribute("edge", place.dataset.edge ?? edge);
  return place;
}

/** A place that the page hides can show nothing. */
function isThere(place: Element): boolean {
  return place.checkVisibility?.({ visibilityProperty: true }) !== false;
}
