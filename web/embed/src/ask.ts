import type { Question, Verdict } from "./contract";
import type { Embed } from "./parts";

const TIMEOUT_MS = 3_000;
const MAX_HOLD_MS = 3_600_000;

/**
 * Asks the service whether to show an appeal on this page, and returns its answer, the verdict. Returns undefined if
 * the page hides every place for an appeal (a `<keepopen-appeal>` element), if an earlier verdict said to wait, or if
 * the service gives no usable answer.
 */
export async function ask(page: Embed): Promise<Verdict | undefined> {
  const { memory, now } = page;
  const question: Question = page.context();
  const key = JSON.stringify(question).replace(question.page.url!, "");
  const { hold, token, bucket, views, dismissals, articles, days } = memory.read();
  // A hold is the time until which the script must not ask about the same page again. Ignore a hold that ends more than
  // `MAX_HOLD_MS` from now: the clock was wrong when the script stored it.
  if (!question.surfaces.length || (hold?.about === key && Math.ceil((hold.until - now()) / MAX_HOLD_MS) === 1)) return undefined;

  question.token = token;
  if (memory.canStore()) {
    question.reader.bucket = bucket;
    // The history may contain old entries. The script removes them when it adds an entry, because it knows the
    // service's clock by then.
    question.history = { views, dismissals, articles, article_days: days };
  }
  // Without a content type header the body is plain text, so the browser sends no preflight request.
  const answer = await page.call("/v1/banner", TIMEOUT_MS, question);
  // The service rejects an invalid question. An invalid stored entry may be the cause, so the loader (`page.ts`) then
  // repairs the entry and asks again.
  if (answer?.status === 400) throw answer;
  if (answer?.status !== 200) return undefined;
  const verdict = answer.body as unknown as Verdict;

  // Until `next`, the service would give the same reason for this page again, so don't ask earlier.
  const { reason, next_eligible_at: next } = verdict;
  if (next && /_cap|dismissed/.test(reason)) {
    memory.change((stored) => (stored.hold = { until: Math.min(Date.parse(next), now() + MAX_HOLD_MS), about: key }));
  }
  if (verdict.show) return verdict;
  // Record that the reader is held out (gets no appeal, for comparison with other readers), or that the service no longer
  // accepts the token.
  const askAgain = (verdict.attribution || verdict.token_problem) && (await page.use("state", "recordSilent", verdict));
  return askAgain ? ask(page) : verdict;
}
