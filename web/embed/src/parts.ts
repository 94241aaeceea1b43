import type { Question } from "./contract";
import type { Page } from "../../client/contract";
import type { Memory } from "./memory";
import type { Settings } from "./settings";
import type { Answer } from "./http";

// The script comes in parts: the loader, which every page gets, and what is fetched only where it is needed.
// No part imports another at run time. What they share is the loader's, and is handed over as `Embed`.

/** What the loader lends to the other parts. */
export interface Embed {
  readonly settings: Settings;
  readonly memory: Memory;
  /** Which page this is, of those that one load has shown. What was begun for another is dropped. */
  turn: number;
  /** By how many milliseconds the service's clock is ahead of this browser's, where that is much. */
  skew: number;
  /** What the page was like when its question was put. */
  seen?: { href: string; facts: Page; body: HTMLElement };
  /** The canonical address of the page before this one: it says nothing of this one. */
  stale?: string;
  /** Takes away what stands on the page. */
  close?(): void;
  /** The time by the service's clock, in milliseconds since 1970. */
  now(): number;
  /** Sends a request to a path of the service, by `POST` where there is a body; nothing comes back when it cannot be reached in time. */
  call(path: string, timeoutMs: number, body?: unknown, headers?: Record<string, string>): Promise<Answer | undefined>;
  /** What the service is told of this page. */
  context(): Question;
  /** Fetches a part; each is fetched once. */
  part<Name extends keyof Parts>(name: Name): Promise<Parts[Name]>;
  /** Fetches a part and calls a function of it, which gets this object first. */
  use<Name extends keyof Parts, Does extends keyof Parts[Name]>(name: Name, does: Does, ...more: More<Parts[Name][Does]>): Promise<Result<Parts[Name][Does]>>;
  /** Dispatches an event for the page's own scripts, without anything about the person. */
  tell(name: "verdict" | "gift", detail: unknown): void;
  /** Begins a page; `isNew` says that the reader has not been on it a moment ago. */
  start(isNew: boolean): void;
}

/** The headers of a request with a JSON body. */
export const JSON_BODY = { "content-type": "application/json" };

type More<Does> = Does extends (embed: Embed, ...more: infer Rest) => unknown ? Rest : never;
type Result<Does> = Does extends (...all: never[]) => infer Answer ? Awaited<Answer> : never;

export interface Parts {
  show: typeof import("./show");
  settle: typeof import("./settle");
  state: typeof import("./state");
  checkout: typeof import("./checkout");
  follow: typeof import("./follow");
  preview: typeof import("./preview");
  values: typeof import("./values");
  rich: typeof import("./rich");
}


