import type { Pending } from "./memory";
import type { Embed } from "./parts";
import { showNote, showThanks } from "./thanks";
import { exchange } from "./token";

// The part that learns how opened payment pages ended: fetched only while there is one.

const GIVE_UP_MS = 30 * 86_400_000;

/** Learns how opened payment pages ended; true when this page must not ask. */
export async function settle(embed: Embed, returned?: string): Promise<boolean> {
  const waiting = [...embed.memory.read().pending].sort((a) => (a.session === returned ? -1 : 0));
  let quiet = false;
  for (const pending of waiting) {
    if (embed.now() - pending.at > GIVE_UP_MS) {
      drop(embed, pending);
      continue;
    }
    const mine = pending.session === returned;
    const outcome = await exchange(embed, pending);
    switch (outcome.state) {
      case "paid":
        drop(embed, pending, outcome.token);
        await showThanks(embed, pending);
        embed.tell("gift", { standing: outcome.standing });
        return true;
      case "processing":
        if (!pending.told) {
          update(embed, pending, { told: true });
          await showNote(embed, "onItsWay");
        }
        return true;
      case "failed":
        drop(embed, pending);
        await showNote(embed, "notThrough");
        return true;
      case "over":
        drop(embed, pending);
        quiet ||= mine;
        break;
      case "late":
        // Neither thanked so late, nor asked: told, it is kept until it is given up.
        update(embed, pending, { told: true });
        return true;
      case "refused":
        // A payment known to be on its way is not forgotten because the service no longer talks about its page.
        if (!pending.told) drop(embed, pending);
        quiet = true;
        break;
      case "open":
        quiet ||= mine;
        break;
      case "unknown":
        quiet = true;
    }
  }
  return quiet;
}

/** The same, on a page that the browser kept for the way back. */
export async function again(embed: Embed): Promise<void> {
  const { ready, close } = await embed.part("show");
  const before = ready();
  if (await settle(embed)) close(before);
}

function drop({ memory }: Embed, pending: Pending, token?: string): void {
  memory.change((kept) => {
    kept.pending = kept.pending.filter((other) => other.session !== pending.session);
    if (!token) return;
    kept.token = token;
    delete kept.hold;
    delete kept.checked;
  });
}

function update({ memory }: Embed, pending: Pending, change: Partial<Pending>): void {
  memory.change((kept) => {
    kept.pending = kept.pending.map((other) => (other.session === pending.session ? { ...other, ...change } : other));
  });
}
