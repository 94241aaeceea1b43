import type { PreviewQuestion, AppealVerdict } from "./contract";
import { makePart } from "./dom";
import { fetchLanguage } from "./language";
import { PREVIEW_PARAMETER } from "./names";
import type { Embed } from "./parts";

// This part of the script (see `parts.ts`) shows a preview to staff. It is fetched only on a page that was opened with
// the URL of a preview.

const TIMEOUT_MS = 10_000;

/**
 * Shows the previewed appeal on this page, even if readers would not see it. Sends the counts of articles, since the
 * appeal's text may mention them, but counts and stores nothing. If no preview shows, writes the reason to the console
 * as an info message. Staff look for the reason there, and browsers hide debug messages.
 */
export async function showPreview(embed: Embed): Promise<void> {
  const token = new URL(location.href).searchParams.get(PREVIEW_PARAMETER)!;
  const { articles, days } = embed.memory.read();
  const body: PreviewQuestion = {
    ...embed.context(),
    history: { views: [], dismissals: [], articles, article_days: days },
    preview: token,
  };
  const answer = await embed.call("/v1/banner/preview", TIMEOUT_MS, body);
  const verdict = answer?.body as Partial<AppealVerdict> | undefined;
  if (answer?.status !== 200 || verdict?.show !== true || typeof verdict.content?.heading !== "string") {
    return console.info("keepopen: no preview:", answer?.body.code ?? "the service can't be reached");
  }
  const { ready, showAppeal } = await embed.part("show");
  if (await showAppeal(embed, verdict as AppealVerdict)) {
    const language = await fetchLanguage(embed, verdict.content.locale || document.documentElement.lang);
    return ready()?.panel.element.prepend(previewLabel({ ...english, ...language?.words }.preview));
  }
  console.info(`keepopen: no preview: this page has no place for surface="${verdict.surface}"`);
}

export const english = { preview: "Preview" };
export type EnglishPreview = typeof english;

/** Makes the label that marks a preview. */
function previewLabel(text: string): HTMLElement {
  const made = makePart("p", "preview", {}, text);
  made.style.cssText = "margin: 0; padding: 2px 16px; background: var(--ink); color: var(--surface); font: 700 13px/1.5 var(--font)";
  return made;
}
