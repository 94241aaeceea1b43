// Finds the page's colour behind a panel, so that the panel matches the page. This also works on a page that has its
// own switch between light and dark.

/** Matches a panel to its page, now and whenever the page changes its colours. Returns a function that stops this. */
export function followPage(panel: HTMLElement, place: HTMLElement): () => void {
  const apply = () => {
    // Remove the class before measuring. It sets the colour scheme, and the colour `Canvas` depends on that.
    panel.classList.remove("dark");
    panel.style.setProperty("--found", colorBehind(place) ?? "Canvas");
    panel.classList.toggle("dark", isDark(getComputedStyle(panel).backgroundColor));
  };
  const applyNowAndAfterFade = () => {
    apply();
    // Pages often fade from light to dark, so measure again after the fade.
    setTimeout(apply, 500);
  };
  apply();
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener?.("change", applyNowAndAfterFade);
  const watch = new MutationObserver(applyNowAndAfterFade);
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true });
  return () => {
    scheme.removeEventListener?.("change", applyNowAndAfterFade);
    watch.disconnect();
  };
}

/** Returns the page's background colour behind a place, or undefined if the page sets none. */
function colorBehind(place: Element): string | undefined {
  for (let behind: Element | null = place.parentElement; behind; behind = behind.parentElement) {
    const color = getComputedStyle(behind).backgroundColor;
    if (!/^(transparent|rgba.*, 0\)|.*\/ 0\))$/.test(color)) return color;
  }
  return undefined;
}

/**
 * Whether a computed colour is dark. The parts of `color(…)` range from 0 to 1, and those of `rgb(…)` from 0 to 255.
 */
export function isDark(color: string): boolean {
  const [red = 1, green = 1, blue = 1] = (color.match(/[( ][\d.]+/g) ?? []).map((number) => Number(number.slice(1)));
  return red * 0.3 + green * 0.59 + blue * 0.11 < (color.startsWith("rgb") ? 102 : 0.4);
}
