// The words this script exchanges with the service, as `openapi.yaml` says them.

export type Surface = "banner" | "inline" | "wall";
export type Kind = "ask" | "thank" | "fix_card" | "win_back";
export type Interval = "once" | "month" | "year";
export type Dismissal = "close" | "later" | "already_gave";
export type Standing = "none" | "one_off" | "recurring" | "past_due" | "lapsed" | "unknown";

/** Amounts are whole minor units of `currency`, which has `minor_digits` decimals. */
export interface Choices {
  currency: string;
  minor_digits: number;
  once?: number[];
  month?: number[];
  year?: number[];
  default?: { interval: Interval; amount_minor: number };
  minimum_minor: number;
  maximum_minor: number;
  other?: boolean;
}

export interface Words {
  heading: string;
  body: string[];
}

export interface Content extends Words {
  cta?: string;
  dismiss?: string;
  choices?: Choices;
  thanks?: Words;
}

export interface Shown {
  show: true;
  surface: Surface;
  kind: Kind;
  appeal: string;
  variant: string;
  reason: string;
  attribution: string;
  content: Content;
  next_eligible_at: string | null;
}

export interface Silent {
  show: false;
  reason: string;
  next_eligible_at: string | null;
}

export type Verdict = Shown | Silent;

export interface View {
  appeal: string;
  variant: string;
  at: string;
}

export interface Dismissed {
  appeal: string;
  kind: Dismissal;
  at: string;
}

/** The question put to `POST /v1/banner`. What is not known is left out. */
export interface Question {
  site: string;
  surfaces: Surface[];
  page: {
    url: string;
    section?: string;
    tags?: string[];
    kind?: string;
    sensitive?: boolean;
    paid?: boolean;
  };
  reader: {
    country?: string;
    region?: string;
    locale?: string;
    device: "mobile" | "tablet" | "desktop";
    signed_in?: boolean;
    consent: Consent;
    bucket?: number;
  };
  history?: { views: View[]; dismissals: Dismissed[] };
  token?: string;
}

export type Consent = "granted" | "denied";

/** What a reader has chosen to give: one act of giving. */
export interface Gift {
  amount_minor: number;
  currency: string;
  interval: Interval;
}
