import type { PreviewQuestion, Question, Shown } from "./contract";
import { call } from "./http";
import type { Memory } from "./memory";
import type { Settings } from "./settings";

const PATIENCE_MS = 10_000;

/** The name under which a preview's note stands in the page's address. */
export const PREVIEW_PARAMETER = "keepopen_preview";

/** The note, where the page was opened by the URL of a preview. */
export function previewNote(address: string): string | undefined {
  return new URL(address).searchParams.get(PREVIEW_PARAMETER) || undefined;
}

/**
 * What staff want to see on this page, whatever readers see. Articles are told, so that words can speak of them; nothing is written down. Staff look for the
 * reason when nothing shows, so this is the one line that the console gets above debug.
 */
export async function preview(settings: Settings, memory: Memory, context: Question, note: string): Promise<Shown | undefined> {
  const articles = memory.read().articles;
  const body: PreviewQuestion = {
    ...context,
    history: { views: [], dismissals: [], articles, free_articles_used: 0 },
    preview: note,
  };
  const answer = await call(`${settings.base}/v1/banner/preview`, PATIENCE_MS, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: JSON.stringify(body),
  });
  const verdict = answer?.body as Partial<Shown> | undefined;
  if (answer?.status === 200 && verdict?.show === true && typeof verdict.content?.heading === "string") return verdict as Shown;
  console.info("keepopen: no preview:", answer?.body.code ?? "the service can't be reached");
  return undefined;
}
