import type { PreviewQuestion, Shown } from "./contract";
import { part } from "./dom";
import { fetchLanguage } from "./language";
import { PREVIEW_PARAMETER } from "./names";
import type { Embed } from "./parts";

// The part that shows staff what they asked for: fetched only on a page that was opened by the URL of a preview.

const PATIENCE_MS = 10_000;

/**
 * Shows what staff want to see on this page, whatever readers see. It is no page view: articles are told, so that words can speak of them, and nothing is
 * counted or written down. Staff look for the reason when nothing shows, so these are the lines that the console gets above debug.
 */
export async function showPreview(embed: Embed): Promise<void> {
  const note = new URL(location.href).searchParams.get(PREVIEW_PARAMETER)!;
  const { articles, days } = embed.memory.read();
  const body: PreviewQuestion = {
    ...embed.context(),
    history: { views: [], dismissals: [], articles, article_days: days },
    preview: note,
  };
  const answer = await embed.call("/v1/banner/preview", PATIENCE_MS, body);
  const verdict = answer?.body as Partial<Shown> | undefined;
  if (answer?.status !== 200 || verdict?.show !== true || typeof verdict.content?.heading !== "string") {
    return console.info("keepopen: no preview:", answer?.body.code ?? "the service can't be reached");
  }
  const { ready, showAppeal } = await embed.part("show");
  if (await showAppeal(embed, verdict as Shown)) {
    const language = await fetchLanguage(embed, verdict.content.locale || document.documentElement.lang);
    return ready()?.panel.element.prepend(mark({ ...english, ...language?.words }.preview));
  }
  console.info(`keepopen: no preview: this page has no place for surface="${verdict.surface}"`);
}

export const english = { preview: "Preview" };
export type EnglishPreview = typeof english;

/** Says that this is no appeal to readers. */
function mark(word: string): HTMLElement {
  const made = part("p", "preview", {}, word);
  made.style.cssText = "margin: 0; padding: 2px 16px; background: var(--ink); color: var(--surface); font: 700 13px/1.5 var(--font)";
  return made;
}
