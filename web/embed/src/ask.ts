import type { Question, Verdict } from "./contract";
import { trim } from "./history";
import type { Answer } from "./http";
import type { Kept, Memory } from "./memory";
import type { Embed } from "./parts";

const PATIENCE_MS = 3_000;
const HOLD_MS = 3_600_000;
const CHECK_EVERY_MS = 600_000;
/** The reasons that only time changes on the same page: while they last, asking again is a waste. */
const HELD = ["frequency_cap", "dismissed"];

/** Asks whether to show an appeal here; nothing comes back when the service is silent or told us to wait. */
export async function ask(embed: Embed): Promise<Verdict | undefined> {
  const { memory, now } = embed;
  const context = embed.context();
  if (!context.surfaces.length) return undefined;
  const about = JSON.stringify([context.surfaces, { ...context.page, url: undefined }, context.reader]);
  const { hold } = memory.read();
  if (hold && hold.about === about && now() < hold.until) return undefined;

  let verdict = await question(embed, context);
  if (verdict && !verdict.show && verdict.reason === "unknown_standing" && (await dropped(embed))) {
    verdict = await question(embed, context);
  }
  if (verdict && !verdict.show && verdict.next_eligible_at && HELD.includes(verdict.reason)) {
    const until = Math.min(Date.parse(verdict.next_eligible_at), now() + HOLD_MS);
    memory.change((kept) => (kept.hold = { until, about }));
  }
  return verdict;
}

async function question(embed: Embed, context: Question): Promise<Verdict | undefined> {
  const answer = await embed.post("/v1/banner", withMemory(embed, context), PATIENCE_MS, "text/plain");
  const verdict = answer?.status === 200 ? (answer.body as unknown as Verdict) : undefined;
  return verdict && (verdict.show === false || readable(verdict)) ? verdict : undefined;
}

/** Adds what this browser remembers: the token always, habits only with the reader's consent. */
function withMemory({ settings, memory, now }: Embed, context: Question): Question {
  const kept = memory.read();
  const known: Question = { ...context, token: kept.token };
  if (settings.consent === "denied") return known;
  return {
    ...known,
    reader: { ...context.reader, bucket: bucketOf(kept, memory) },
    history: {
      views: trim(kept.views, now()),
      dismissals: trim(kept.dismissals, now()),
      articles: kept.articles,
      free_articles_used: kept.meter?.before ?? 0,
    },
  };
}

function bucketOf(kept: Kept, memory: Memory): number {
  if (kept.bucket !== undefined) return kept.bucket;
  const bucket = crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000;
  memory.change((latest) => (latest.bucket = bucket));
  return bucket;
}

function readable(verdict: Verdict): boolean {
  return verdict.show === true && typeof verdict.content?.heading === "string" && Array.isArray(verdict.content.body);
}

/** A token that the service no longer honours (a refund, say) is dropped; true when that happened. */
async function dropped(embed: Embed): Promise<boolean> {
  const { memory } = embed;
  const nowMs = embed.now();
  const { token, checked } = memory.read();
  if (!token || (checked && nowMs - checked < CHECK_EVERY_MS)) return false;
  memory.change((kept) => (kept.checked = nowMs));
  const answer = await supporter(embed, token);
  if (answer?.status !== 401 || answer.body.code !== "token_superseded") return false;
  memory.change((kept) => {
    delete kept.token;
    delete kept.checked;
    delete kept.hold;
  });
  return true;
}

/** The service's own view of a token. */
export function supporter(embed: Embed, token: string): Promise<Answer | undefined> {
  return embed.call("/v1/supporter", PATIENCE_MS, { headers: { authorization: `Bearer ${token}` } });
}
