import type { Surface } from "./contract";
import { make } from "./dom";
import { TAG } from "./names";
import style from "./style.css";

const UNFOLD_MS = 450;

/** `<keepopen-appeal surface="banner|inline|wall">`: an empty place until the service answers. */
export class AppealElement extends HTMLElement {
  private root = this.attachShadow({ mode: "open" });
  private covered: { element: HTMLElement; display: string }[] = [];

  get surface(): Surface {
    const wanted = this.getAttribute("surface");
    return wanted === "inline" || wanted === "wall" ? wanted : "banner";
  }

  /** Puts a panel into the page. A wall covers what follows it in the article. */
  fill(panel: HTMLElement): void {
    this.clear();
    this.dress();
    this.root.append(panel);
    this.unfold(panel);
    if (this.surface === "wall") this.cover();
  }

  /** Empties the place and gives the article back. */
  clear(): void {
    this.root.replaceChildren();
    for (const { element, display } of this.covered) element.style.display = display;
    this.covered = [];
  }

  /** A banner in the flow of the page pushes the page down, so it grows instead of jumping in. */
  private unfold(panel: HTMLElement): void {
    if (this.getAttribute("edge") !== "top" || !matchMedia("(prefers-reduced-motion: no-preference)").matches) return;
    panel.animate?.({ height: ["0px", `${panel.offsetHeight}px`] }, { duration: UNFOLD_MS, easing: "ease-out" });
  }

  private cover(): void {
    for (let next = this.nextElementSibling; next; next = next.nextElementSibling) {
      if (!(next instanceof HTMLElement)) continue;
      this.covered.push({ element: next, display: next.style.display });
      next.style.display = "none";
    }
  }

  /** A sheet made by script works under a strict content security policy; older browsers get a style element. */
  private dress(): void {
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
  const found = places().find((place) => place.surface === surface);
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
