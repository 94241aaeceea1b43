import type { Question, Verdict } from "./contract";
import type { Embed } from "./parts";

const PATIENCE_MS = 3_000;
const HOLD_MS = 3_600_000;

/** Asks whether to show an appeal here; nothing comes back when the service is silent or told us to wait. */
export async function ask(page: Embed): Promise<Verdict | undefined> {
  const { memory, now } = page;
  const question: Question = page.context();
  const about = JSON.stringify(question).replace(question.page.url!, "");
  const { hold, token, bucket, views, dismissals, articles, days } = memory.read();
  // A pause that is longer than any was written by another clock.
  if (!question.surfaces.length || (hold?.about === about && Math.ceil((hold.until - now()) / HOLD_MS) === 1)) return undefined;

  question.token = token;
  if (memory.works()) {
    question.reader.bucket = bucket;
    // What is too old is trimmed where something is added, when the service has just told the time.
    question.history = { views, dismissals, articles, article_days: days };
  }
  // Without a content type of its own it is plain text, which needs no preflight.
  const answer = await page.call("/v1/banner", PATIENCE_MS, question);
  if (answer?.status === 400) throw answer;
  if (answer?.status !== 200) return undefined;
  const verdict = answer.body as unknown as Verdict;

  // The reasons that only time changes on the same page: while they last, asking again is a waste.
  const { reason, next_eligible_at: next } = verdict;
  if (next && /_cap|dismissed/.test(reason)) {
    memory.change((kept) => (kept.hold = { until: Math.min(Date.parse(next), now() + HOLD_MS), about }));
  }
  if (verdict.show) return verdict;
  // A reader who is held out, or whose token is no longer honoured.
  const again = (verdict.attribution || verdict.token_problem) && (await page.use("state", "remark", verdict));
  return again ? ask(page) : verdict;
}
