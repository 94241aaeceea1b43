// Types of the requests and responses between this script and the service. They are derived from the contract
// (`openapi.yaml`). Some types are narrower: the contract allows any string or `null`, but this script uses only a few
// values. Other types are wider: a field that the contract requires is optional here, so that a newer or older service
// does not break a page.
import type * as contract from "../../client/contract";

export type Surface = "banner" | "inline" | "wall";
export type Kind = "ask" | "thank" | "fix_card" | "win_back" | "upsell";
export type DismissalKind = "close" | "later" | "already_gave";
export type Standing = "none" | "one_off" | "recurring" | "past_due" | "lapsed" | "unknown";
export type Consent = "granted" | "denied";

type Optional<Whole, Key extends keyof Whole> = Omit<Whole, Key> & Partial<Pick<Whole, Key>>;

/** Amounts are in minor units of `currency`, which has `minor_digits` decimals. */
export type Choices = Optional<contract.Choices, contract.Interval | "default" | "other" | "step_minor">;

/** A heading and the text below it. `locale` is the language of both. */
export interface Copy extends contract.ThanksCopy {
  locale?: string | null;
}

export interface Content extends Omit<contract.Content, "choices"> {
  choices?: Choices | null;
}

export type QuietDays = contract.QuietDays;

/** A verdict that shows an appeal. */
export interface AppealVerdict extends Omit<contract.Verdict, "content"> {
  show: true;
  surface: Surface;
  kind: Kind;
  appeal: string;
  variant: string;
  /** The signed id of this showing, which reports and gifts refer to. A preview has none. */
  attribution?: string;
  content: Content;
}

export interface SilentVerdict extends contract.Verdict {
  show: false;
}

export type Verdict = AppealVerdict | SilentVerdict;

export interface Dismissal extends contract.Dismissal {
  kind: DismissalKind;
}

/** The body of `POST /v1/banner`. The script omits a field whose value it does not know. */
export interface Question extends contract.Question {
  surfaces: Surface[];
  page: contract.Page;
  reader: contract.Reader & { consent: Consent; device: "mobile" | "tablet" | "desktop" };
  history?: { views: contract.View[]; dismissals: Dismissal[]; articles: contract.ArticleWeek[]; article_days: contract.ArticleDay[] };
}

/** The body of `POST /v1/banner/preview`. */
export interface PreviewQuestion extends Question {
  preview: string;
}

/** The body of `POST /v1/banner/events`; see `report.ts`. */
export interface BannerEvent extends contract.BannerEvent {
  dismissal?: DismissalKind;
}

/** What a reader has chosen to give. */
export type Gift = Pick<contract.CheckoutBody, "amount_minor" | "currency" | "interval" | "cover_fee">;

export type { ArticleDay, ArticleWeek, Block, CheckoutBody, EventName, FeeCover, Interval, Ticker, TokenBody, Values, View } from "../../client/contract";
