import type { Standing, TokenBody } from "./contract";
import type { Pending } from "./memory";
import { type Embed, JSON_BODY } from "./parts";

const PATIENCE_MS = 10_000;

/** How an opened payment page ended, as far as the service knows. */
export type Outcome =
  | { state: "paid"; token: string; standing: Standing }
  /** The payment is on its way (a bank debit): neither ask nor thank. */
  | { state: "processing" }
  | { state: "failed" }
  /** Still open: the reader may yet pay in another tab. */
  | { state: "open" }
  /** Nothing more will come of it. */
  | { state: "over" }
  /** Paid, but fetched too late for a token: a supporter whom this browser cannot prove. */
  | { state: "late" }
  /** The service will not say, for a reason that this script does not know. */
  | { state: "refused" }
  /** The service did not say. */
  | { state: "unknown" };

const ENDS: Record<string, Outcome["state"]> = {
  payment_processing: "processing",
  payment_failed: "failed",
  payment_unpaid: "open",
  token_window_expired: "late",
  payment_reversed: "over",
  session_expired: "over",
  already_exchanged: "over",
};

/** Changes a paid session for a supporter token; only the browser that opened it knows the attempt. */
export async function exchange(embed: Embed, pending: Pending): Promise<Outcome> {
  const body: TokenBody = { grant: "checkout_session", site: embed.settings.site, session: pending.session, attempt: pending.attempt, report_state: true };
  const answer = await embed.call("/v1/tokens", PATIENCE_MS, body, JSON_BODY);
  return outcomeOf(answer?.status, answer?.body ?? {});
}

export function outcomeOf(status: number | undefined, body: Record<string, unknown>): Outcome {
  if (status === 200 && typeof body.token === "string") {
    return { state: "paid", token: body.token, standing: body.standing as Standing };
  }
  const known = ENDS[String(body.state ?? body.code)];
  if (known) return { state: known } as Outcome;
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { state: refused ? "refused" : "unknown" };
}
