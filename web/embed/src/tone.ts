// Which colour the page has behind a panel, so that the panel follows it: also where the page has a switch of its own between light and dark.

/** Dresses a panel for its page, now and whenever the page changes its looks; call the answer to stop. */
export function followPage(panel: HTMLElement, place: HTMLElement): () => void {
  const dress = () => {
    // Its own scheme would change what the browser's ground is.
    panel.classList.remove("dark");
    panel.style.setProperty("--found", colorBehind(place) ?? "Canvas");
    panel.classList.toggle("dark", isDark(getComputedStyle(panel).backgroundColor));
  };
  const soon = () => {
    dress();
    // Pages like to fade from one to the other.
    setTimeout(dress, 500);
  };
  dress();
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener?.("change", soon);
  const watch = new MutationObserver(soon);
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true });
  return () => {
    scheme.removeEventListener?.("change", soon);
    watch.disconnect();
  };
}

/** Nothing where the page leaves its ground to the browser. */
function colorBehind(place: Element): string | undefined {
  for (let behind: Element | null = place.parentElement; behind; behind = behind.parentElement) {
    const color = getComputedStyle(behind).backgroundColor;
    if (!/^(transparent|rgba.*, 0\)|.*\/ 0\))$/.test(color)) return color;
  }
  return undefined;
}

/** By the lightness of a computed colour: browsers write mixed ones in parts of one, plain ones in parts of 255. */
export function isDark(color: string): boolean {
  const [red = 1, green = 1, blue = 1] = (color.match(/[( ][\d.]+/g) ?? []).map((number) => Number(number.slice(1)));
  return red * 0.3 + green * 0.59 + blue * 0.11 < (color.startsWith("rgb") ? 102 : 0.4);
}
