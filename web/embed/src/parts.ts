import type { Question } from "./contract";
import type { Page } from "../../client/contract";
import type { Memory } from "./memory";
import type { Settings } from "./settings";
import type { Answer } from "./http";

// The script consists of the loader, which every page gets, and of parts, which are fetched only when they are needed.
// No part imports another at run time. The loader owns what the parts share, and passes it to them as `Embed`.

/** What the loader shares with the parts. */
export interface Embed {
  readonly settings: Settings;
  readonly memory: Memory;
  /**
   * The number of the current page among those that this document has shown, from 0. Work that was started for an
   * earlier page is dropped.
   */
  pageIndex: number;
  /** By how many milliseconds the service's clock is ahead of this browser's, if it is more than a minute. */
  skew: number;
  /**
   * The page's address, what the page says about itself (`facts`) and its body, when the script last asked about it.
   */
  seen?: { href: string; facts: Page; body: HTMLElement };
  /** The canonical address of the previous page, which may still be in the head of this one. */
  staleCanonical?: string;
  /** Removes what is shown on the page. */
  close?(): void;
  /** The time by the service's clock, in milliseconds since 1970. */
  now(): number;
  /** Sends a request to a path of the service: see `call` in `http.ts`. Also corrects `skew`. */
  call(path: string, timeoutMs: number, body?: unknown, headers?: Record<string, string>): Promise<Answer | undefined>;
  /** Builds the question (the body of `POST /v1/banner`) about this page, without the history and the token. */
  context(): Question;
  /** Fetches a part. The browser fetches each part only once. */
  part<Name extends keyof Parts>(name: Name): Promise<Parts[Name]>;
  /** Fetches a part and calls one of its functions with this object as the first argument. */
  use<Name extends keyof Parts, Fn extends keyof Parts[Name]>(name: Name, fn: Fn, ...args: Args<Parts[Name][Fn]>): Promise<Result<Parts[Name][Fn]>>;
  /** Dispatches an event for the page's own scripts. It contains no personal data. */
  dispatch(name: "verdict" | "gift", detail: unknown): void;
  /**
   * Runs the script on the current page. `isNew` is false after a reload or the back button, so that no article is
   * counted.
   */
  start(isNew: boolean): void;
}

/** The headers of a request with a JSON body. */
export const JSON_BODY = { "content-type": "application/json" };

type Args<Fn> = Fn extends (embed: Embed, ...args: infer Rest) => unknown ? Rest : never;
type Result<Fn> = Fn extends (...all: never[]) => infer Answer ? Awaited<Answer> : never;

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


