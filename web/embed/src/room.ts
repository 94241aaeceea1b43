// A banner lies over the page, so nothing moves when the banner appears. This file adds space to the page: the
// reader can then scroll to what the banner covers, and the banner never covers the element that has the focus.

const COMPACT_WIDTH = 900;
const COMPACT_HEIGHT = 500;
const TINY_HEIGHT = 320;

/**
 * Folds a banner (hides a part of it until the reader presses "More") if there is little room, and adds space for the
 * banner to the page. Returns a function that undoes the changes of the page.
 */
export function makeRoom(panel: HTMLElement, place: HTMLElement): () => void {
  const { body, documentElement: root } = document;
  const foldable = !!panel.querySelector(".more");
  const isOnTop = place.getAttribute("edge") === "top";
  const originalPadding = [body.style.paddingBottom, root.style.scrollPaddingBottom] as const;
  const padding = parseFloat(getComputedStyle(body).paddingBottom) || 0;
  /**
   * Whether a banner at the top has space of its own. It gets this space when it is scrolled out of view, or when the
   * reader uses the Tab key.
   */
  let takesSpace = false;

  const adjust = () => {
    const compact = foldable && (panel.clientWidth < COMPACT_WIDTH || innerHeight < COMPACT_HEIGHT);
    const folded = compact && !panel.classList.contains("open");
    panel.classList.toggle("compact", compact);
    panel.classList.toggle("folded", folded);
    panel.classList.toggle("tiny", innerHeight < TINY_HEIGHT);
    const height = panel.offsetHeight;
    if (!isOnTop) {
      body.style.paddingBottom = `${padding + height}px`;
      root.style.scrollPaddingBottom = `${height + 8}px`;
    } else if (takesSpace) {
      const growth = height - place.offsetHeight;
      place.style.height = `${height}px`;
      // Most browsers keep the visible text in place themselves. In other browsers, scroll by as much as the space has
      // grown.
      if (!CSS.supports("overflow-anchor", "auto") && panel.getBoundingClientRect().bottom <= 0) scrollBy(0, growth);
    }
  };
  const takeSpace = (event?: Event) => {
    if (takesSpace || (event instanceof KeyboardEvent ? event.key !== "Tab" : panel.getBoundingClientRect().bottom > 0)) return;
    takesSpace = true;
    adjust();
  };

  adjust();
  const observer = new ResizeObserver(adjust);
  observer.observe(panel);
  addEventListener("resize", adjust);
  if (isOnTop) {
    takeSpace();
    addEventListener("scroll", takeSpace, { passive: true });
    addEventListener("keydown", takeSpace, true);
  }
  return () => {
    observer.disconnect();
    removeEventListener("resize", adjust);
    removeEventListener("scroll", takeSpace);
    removeEventListener("keydown", takeSpace, true);
    [body.style.paddingBottom, root.style.scrollPaddingBottom] = originalPadding;
    place.style.height = "";
  };
}
