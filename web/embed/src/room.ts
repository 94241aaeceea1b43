// A banner lies over the page, so that its coming moves nothing. What it covers can still be read, and what has the focus is never under it.

const COMPACT_WIDTH = 900;
const COMPACT_HEIGHT = 500;
const TINY_HEIGHT = 320;

/** Folds a banner where there is little room, and keeps the page clear of it; call the answer to give everything back. */
export function makeRoom(panel: HTMLElement, place: HTMLElement): () => void {
  const { body, documentElement: root } = document;
  const foldable = !!panel.querySelector(".more");
  const onTop = place.getAttribute("edge") === "top";
  const before = [body.style.paddingBottom, root.style.scrollPaddingBottom] as const;
  const padding = parseFloat(getComputedStyle(body).paddingBottom) || 0;
  /** A banner at the top takes room of its own only where nobody sees it happen, or where the keyboard has to get by. */
  let settled = false;

  const fit = () => {
    const compact = foldable && (panel.clientWidth < COMPACT_WIDTH || innerHeight < COMPACT_HEIGHT);
    const folded = compact && !panel.classList.contains("open");
    panel.classList.toggle("compact", compact);
    panel.classList.toggle("folded", folded);
    panel.classList.toggle("tiny", innerHeight < TINY_HEIGHT);
    const height = panel.offsetHeight;
    if (!onTop) {
      body.style.paddingBottom = `${padding + height}px`;
      root.style.scrollPaddingBottom = `${height + 8}px`;
    } else if (settled) {
      const grown = height - place.offsetHeight;
      place.style.height = `${height}px`;
      // Most browsers hold what is being read in its place by themselves.
      if (!CSS.supports("overflow-anchor", "auto") && panel.getBoundingClientRect().bottom <= 0) scrollBy(0, grown);
    }
  };
  const settle = (event?: Event) => {
    if (settled || (event instanceof KeyboardEvent ? event.key !== "Tab" : panel.getBoundingClientRect().bottom > 0)) return;
    settled = true;
    fit();
  };

  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(panel);
  addEventListener("resize", fit);
  if (onTop) {
    settle();
    addEventListener("scroll", settle, { passive: true });
    addEventListener("keydown", settle, true);
  }
  return () => {
    observer.disconnect();
    removeEventListener("resize", fit);
    removeEventListener("scroll", settle);
    removeEventListener("keydown", settle, true);
    [body.style.paddingBottom, root.style.scrollPaddingBottom] = before;
    place.style.height = "";
  };
}
