// The words this script exchanges with the service. They come from the contract; what stands here beside it is narrower, where the
// contract takes any text or `null` and this script writes one of a few words, or wider, where it can do without what the contract
// promises (a newer or older service must not break a page).
import type * as contract from "../../client/contract";

export type Surface = "banner" | "inline" | "wall";
export type Kind = "ask" | "thank" | "fix_card" | "win_back" | "upsell";
export type DismissalKind = "close" | "later" | "already_gave";
export type Standing = "none" | "one_off" | "recurring" | "past_due" | "lapsed" | "unknown";
export type Consent = "granted" | "denied";

type Optional<Whole, Key extends keyof Whole> = Omit<Whole, Key> & Partial<Pick<Whole, Key>>;

/** Amounts are whole minor units of `currency`, which has `minor_digits` decimals. */
export type Choices = Optional<contract.Choices, contract.Interval | "default" | "other" | "step_minor">;

/** A heading and what follows it; `locale` is the language it is in. */
export interface Words extends contract.ThanksCopy {
  locale?: string | null;
}

export interface Content extends Omit<contract.Content, "choices"> {
  choices?: Choices | null;
}

export type QuietDays = contract.QuietDays;

/** A verdict that shows: all that it then carries. */
export interface Shown extends Omit<contract.Verdict, "content"> {
  show: true;
  surface: Surface;
  kind: Kind;
  appeal: string;
  variant: string;
  /** A preview has none. */
  attribution?: string;
  content: Content;
}

export interface Silent extends contract.Verdict {
  show: false;
}

export type Verdict = Shown | Silent;

export interface Dismissal extends contract.Dismissal {
  kind: DismissalKind;
}

/** The question put to `POST /v1/banner`. What is not known is left out. */
export interface Question extends contract.Question {
  surfaces: Surface[];
  page: contract.Page;
  reader: contract.Reader & { consent: Consent; device: "mobile" | "tablet" | "desktop" };
  history?: { views: contract.View[]; dismissals: Dismissal[]; articles: contract.ArticleWeek[]; article_days: contract.ArticleDay[] };
}

/** A question about what staff want to see. */
export interface PreviewQuestion extends Question {
  preview: string;
}

/** What the service hears of an appeal; see `report.ts`. */
export interface BannerEvent extends contract.BannerEvent {
  dismissal?: DismissalKind;
}

/** What a reader has chosen to give: one act of giving. */
export type Gift = Pick<contract.CheckoutBody, "amount_minor" | "currency" | "interval" | "cover_fee">;

export type { ArticleDay, ArticleWeek, Block, CheckoutBody, EventName, FeeCover, Interval, Ticker, TokenBody, Values, View } from "../../client/contract";
