import type { Standing, TokenBody } from "./contract";
import type { Pending } from "./memory";
import { type Embed, JSON_BODY } from "./parts";

const TIMEOUT_MS = 10_000;

/** How a payment ended after its payment page was opened, as far as the service knows. */
export type Outcome =
  | { state: "paid"; token: string; standing: Standing }
  /** The payment is being processed (a bank debit): show neither an appeal nor thanks. */
  | { state: "processing" }
  | { state: "failed" }
  /** The payment page is still open: the reader may pay in another tab. */
  | { state: "open" }
  /**
   * This browser won't get a token: the payment was reversed, its session expired, or its token was already fetched.
   */
  | { state: "over" }
  /** Paid, but it is too late to get a token. The reader is a supporter, but this browser can't prove it. */
  | { state: "late" }
  /** The service refuses to say, for a reason that this script does not know. */
  | { state: "refused" }
  /** The service gave no answer. */
  | { state: "unknown" };

const STATES: Record<string, Outcome["state"]> = {
  payment_processing: "processing",
  payment_failed: "failed",
  payment_unpaid: "open",
  token_window_expired: "late",
  payment_reversed: "over",
  session_expired: "over",
  already_exchanged: "over",
};

/**
 * Exchanges a paid checkout session for a supporter token, with which the script can prove that the reader gave. The
 * request has the id of the attempt (see `checkout.ts`), which only the browser that opened the session knows.
 */
export async function exchange(embed: Embed, pending: Pending): Promise<Outcome> {
  const body: TokenBody = { grant: "checkout_session", site: embed.settings.site, session: pending.session, attempt: pending.attempt, report_state: true };
  const answer = await embed.call("/v1/tokens", TIMEOUT_MS, body, JSON_BODY);
  return outcomeOf(answer?.status, answer?.body ?? {});
}

/** Returns the outcome that a response to `POST /v1/tokens` means. Without a response, `status` is undefined. */
export function outcomeOf(status: number | undefined, body: Record<string, unknown>): Outcome {
  if (status === 200 && typeof body.token === "string") {
    return { state: "paid", token: body.token, standing: body.standing as Standing };
  }
  const known = STATES[String(body.state ?? body.code)];
  if (known) return { state: known } as Outcome;
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { state: refused ? "refused" : "unknown" };
}
