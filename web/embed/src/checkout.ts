import type { CheckoutBody, Gift, Shown } from "./contract";
import { webAddress } from "./http";
import type { Pending } from "./memory";
import { PREVIEW_PARAMETER, SESSION_PARAMETER } from "./names";
import type { Embed } from "./parts";
import { words } from "./words";

const PATIENCE_MS = 15_000;

/** Why no payment page opened, as said to the reader, and where else to give. */
export interface Refusal {
  sentence: string;
  fallbackUrl?: string;
}

/** One attempt to give. Trying again with the same choice is the same attempt, so nobody pays twice. */
export class Checkout {
  private attempt?: { id: string; about: string };

  constructor(
    private embed: Embed,
    private verdict: Shown,
  ) {}

  /** Asks for a payment page; the address to go to and what to remember, or why not. */
  async open(gift: Gift, address: string, nowMs: number): Promise<{ url: string; pending: Pending } | Refusal> {
    const about = JSON.stringify([gift.amount_minor, gift.currency, gift.interval, gift.cover_fee]);
    if (this.attempt?.about !== about) this.attempt = { id: uuid(), about };
    const attempt = this.attempt.id;
    const body: CheckoutBody = {
      site: this.embed.settings.site,
      attempt,
      ...gift,
      return_url: ownAddress(address),
      attribution: this.verdict.attribution,
    };
    const answer = await this.embed.post("/v1/checkout", body, PATIENCE_MS);
    const url = answer?.status === 200 ? webAddress(answer.body.url) : undefined;
    if (url && typeof answer?.body.session === "string") {
      return { url, pending: { attempt, session: answer.body.session, at: nowMs } };
    }
    if (answer?.body.code === "attempt_reused") this.attempt = undefined;
    return {
      sentence: answer?.status === 429 ? words.tooMany : words.failed,
      fallbackUrl: answer?.body.fallback_url ? webAddress(answer.body.fallback_url) : undefined,
    };
  }
}

/** The page's address without what is ours in it, and without the fragment. */
export function ownAddress(address: string): string {
  const url = new URL(address);
  url.searchParams.delete(SESSION_PARAMETER);
  url.searchParams.delete(PREVIEW_PARAMETER);
  url.hash = "";
  return url.href;
}

/** `crypto.randomUUID` is missing on plain http pages, so a version 4 UUID is put together here. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
