import type { SilentVerdict, Standing } from "./contract";
import type { Stored } from "./memory";
import type { Embed } from "./parts";
import { repaired } from "./repair";

// This part of the script (see `parts.ts`) has what few pages need: the reader's standing (whether and how the reader
// supports the site), the handling of verdicts without an appeal, and the repair of the stored entry.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const TIMEOUT_MS = 3_000;

/**
 * Stores the attribution of a verdict without an appeal, and deletes a revoked token. Returns true if the script should
 * ask again.
 */
export function recordSilent({ memory, now }: Embed, { attribution, token_problem: problem }: SilentVerdict): boolean {
  // With this attribution, the service counts the gifts of readers who are held out (get no appeal, for comparison).
  if (attribution && memory.canStore()) memory.change((stored) => (stored.heldOut = { attribution, at: now() }));
  // Delete a token that the service has revoked, for example after a refund. Without a token, the reader may be asked
  // again. Keep an expired token.
  if (problem !== "token_superseded" || !memory.read().token) return false;
  memory.change((stored) => {
    delete stored.token;
    delete stored.hold;
  });
  return !memory.read().token;
}

/**
 * Returns the stored attribution of a reader who is held out. Returns undefined if there is none, or if the service no
 * longer accepts it.
 */
export function attribution({ memory, now }: Embed): string | undefined {
  const { heldOut } = memory.read();
  return heldOut && Math.abs(now() - heldOut.at) < DAY_MS ? heldOut.attribution : undefined;
}

/**
 * Asks the service for the reader's current standing. An expired token is not sent, because the error response would
 * show on the console.
 */
export async function standing(page: Embed): Promise<Standing> {
  const { token } = page.memory.read();
  if (!token) return "none";
  if (expiry(token) <= page.now()) return "unknown";
  const answer = await page.call("/v1/supporter", TIMEOUT_MS, undefined, { authorization: `Bearer ${token}` });
  return answer?.status === 200 ? (answer.body.standing as Standing) : "unknown";
}

/**
 * Sets by how many milliseconds the service's clock is ahead of this browser's. A difference of at most a minute counts
 * as 0.
 */
export function setClock(page: Embed, ahead: number): void {
  page.skew = Math.abs(ahead) > MINUTE_MS ? ahead : 0;
  page.memory.change((stored) => (stored.skew = page.skew));
}

/** Repairs the stored entry. Returns whether there was anything to repair. */
export function repair({ memory }: Embed): boolean {
  const stored = memory.read();
  const valid = repaired(stored);
  const text = (from: Stored, name: string) => JSON.stringify(from[name as keyof Stored]);
  if (Object.keys({ ...stored, ...valid }).every((name) => text(stored, name) === text(valid, name))) return false;
  memory.change((latest) => {
    for (const name of Object.keys(latest)) delete latest[name as keyof typeof latest];
    Object.assign(latest, valid);
  });
  return true;
}

/** When a token expires, in milliseconds since 1970; NaN if it can't be read. */
function expiry(token: string): number {
  try {
    return JSON.parse(atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000;
  } catch {
    return NaN;
  }
}
