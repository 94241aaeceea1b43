import type { Silent, Standing } from "./contract";
import type { Kept } from "./memory";
import type { Embed } from "./parts";
import { repaired } from "./repair";

// The part that few pages want: the reader's standing, what a silent verdict says besides, and the repair of what is kept.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const PATIENCE_MS = 3_000;

/** Writes down what a verdict says that shows nothing; true when it is worth asking again. */
export function remark({ memory, now }: Embed, { attribution, token_problem: problem }: Silent): boolean {
  // What the held-out give is counted by it.
  if (attribution && memory.works()) memory.change((kept) => (kept.heldOut = { attribution, at: now() }));
  // A token that the service took back (after a refund, say) is dropped: without it the reader may be asked. One that has expired is kept.
  if (problem !== "token_superseded" || !memory.read().token) return false;
  memory.change((kept) => {
    delete kept.token;
    delete kept.hold;
  });
  return !memory.read().token;
}

/** The attribution of a reader who is held out, as long as the service takes it. */
export function attribution({ memory, now }: Embed): string | undefined {
  const { heldOut } = memory.read();
  return heldOut && Math.abs(now() - heldOut.at) < DAY_MS ? heldOut.attribution : undefined;
}

/** The reader's standing as the service sees it now. A token that is over isn't asked about: the answer would be an error on the console. */
export async function standing(page: Embed): Promise<Standing> {
  const { token } = page.memory.read();
  if (!token) return "none";
  if (expiry(token) <= page.now()) return "unknown";
  const answer = await page.call("/v1/supporter", PATIENCE_MS, undefined, { authorization: `Bearer ${token}` });
  return answer?.status === 200 ? (answer.body.standing as Standing) : "unknown";
}

/** Goes by the service's clock from now on, if this browser's is more than a minute away from it. */
export function setClock(page: Embed, ahead: number): void {
  page.skew = Math.abs(ahead) > MINUTE_MS ? ahead : 0;
  page.memory.change((kept) => (kept.skew = page.skew));
}

/** Repairs what is kept; whether there was something to repair. */
export function repair({ memory }: Embed): boolean {
  const kept = memory.read();
  const better = repaired(kept);
  const text = (from: Kept, name: string) => JSON.stringify(from[name as keyof Kept]);
  if (Object.keys({ ...kept, ...better }).every((name) => text(kept, name) === text(better, name))) return false;
  memory.change((latest) => {
    for (const name of Object.keys(latest)) delete latest[name as keyof typeof latest];
    Object.assign(latest, better);
  });
  return true;
}

/** When a token is over, in milliseconds since 1970; NaN where it can't be read. */
function expiry(token: string): number {
  try {
    return JSON.parse(atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000;
  } catch {
    return NaN;
  }
}
