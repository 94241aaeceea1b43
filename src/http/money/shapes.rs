//! How money is told.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::contributions::{
    Contribution, ContributionState, Entry, Frequency, IntervalUnit, Payment, PaymentKind,
};
use crate::store::pages::WholeGift;

/// The unit of an interval.
#[derive(Clone, Copy, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = IntervalUnit)]
#[serde(rename_all = "snake_case")]
pub enum IntervalShape {
    /// One payment.
    Once,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl IntervalShape {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn of(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Once => Self::Once,
            Frequency::Every { unit: IntervalUnit::Day, .. } => Self::Day,
            Frequency::Every { unit: IntervalUnit::Week, .. } => Self::Week,
            Frequency::Every { unit: IntervalUnit::Month, .. } => Self::Month,
            Frequency::Every { unit: IntervalUnit::Year, .. } => Self::Year,
        }
    }
}

/// One act of giving.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Contribution)]
pub struct ContributionShape {
    /// Its id.
    #[schema(example = "con_0123456789abcdefghjkmnpqrs")]
    id: String,
    /// The site it was given to.
    site: String,
    /// Who gave; null while Stripe has not named an address.
    #[schema(example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: Option<String>,
    /// How often it is given, together with `interval_count`.
    interval: IntervalShape,
    /// How many of the interval are between two payments: 3 with `month` is quarterly. 1 for a one-off.
    #[schema(minimum = 1)]
    interval_count: u32,
    /// What is given and how often, in English; null while Stripe has not said.
    #[schema(example = "€21 every 3 months")]
    terms: Option<String>,
    /// How much each time, in the currency's minor unit; null while Stripe has not said.
    amount_minor: Option<i64>,
    /// Its currency, ISO 4217.
    currency: Option<String>,
    /// Where it stands.
    state: ContributionState,
    /// The appeal that was followed.
    appeal: Option<String>,
    /// Its variant.
    variant: Option<String>,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// The newest payment that was not taken back in full, RFC 3339.
    #[schema(format = DateTime)]
    last_kept_payment_at: Option<String>,
    /// Until when a recurring one is paid for, RFC 3339. Its giver is a supporter until then, also when it has ended.
    #[schema(format = DateTime)]
    paid_until: Option<String>,
    /// When its subscription ended, RFC 3339; null while it runs.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How many of its payments were ever given or taken back in full.
    payments_withdrawn: i64,
    /// Stripe's Checkout Session.
    session: Option<String>,
    /// Stripe's subscription. Of several it is the one that is alive, or that was paid.
    subscription: Option<String>,
    /// All subscriptions of the contribution: more than one where staff made it anew in Stripe's dashboard.
    subscriptions: Vec<String>,
    /// Stripe's customer.
    customer: Option<String>,
}

/// A page of contributions.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Contributions)]
pub struct ContributionsShape {
    /// The newest first.
    pub contributions: Vec<ContributionShape>,
    /// Send it as `after` for the next page; null when this was the last.
    pub next: Option<String>,
}

/// Money that came, and what became of it. All amounts are in the minor unit of the currency that they name.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Payment)]
pub struct PaymentShape {
    /// Its key at Stripe: the payment intent of a one-off, the invoice of a recurring gift. With `/offline` behind it, the part of an invoice that was paid
    /// outside Stripe.
    id: String,
    /// How it came. Nothing is booked of an `unconfirmed` payment: the invoice is paid, and Stripe has not said yet whether it moved the money.
    kind: PaymentKind,
    /// How much came.
    amount_minor: i64,
    /// The currency of the amount, of what was refunded and disputed, and of what is awaited.
    currency: String,
    /// What the reader saw and paid, where that was another currency.
    presented_amount_minor: Option<i64>,
    /// That currency.
    presented_currency: Option<String>,
    /// When it came, RFC 3339.
    #[schema(format = DateTime)]
    paid_at: String,
    /// Refunded and not come back.
    refunded_minor: i64,
    /// Taken back by banks and not won back.
    disputed_minor: i64,
    /// Booked, and Stripe has not settled it yet.
    awaiting_minor: i64,
    /// By how much more is booked than Stripe's balance says; 0 when all is well.
    differing_minor: i64,
    /// When Stripe should have settled all of it, RFC 3339; null once it has.
    #[schema(format = DateTime)]
    settle_by: Option<String>,
    /// What Stripe kept.
    fee_minor: Option<i64>,
    /// What is left after fees, refunds and disputes.
    net_minor: Option<i64>,
    /// The currency that Stripe settled in; null until it has.
    settlement_currency: Option<String>,
    /// Stripe's charge.
    charge: Option<String>,
    /// The payout that it left with.
    payout: Option<String>,
    /// When the bank has that payout, RFC 3339.
    #[schema(format = DateTime)]
    payout_arrives_at: Option<String>,
}

/// One immutable transfer of the ledger.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Entry)]
pub struct EntryShape {
    /// What moved the money, such as `payment`, `fee` or `payout`.
    kind: &'static str,
    /// The object at Stripe that says so; of a payout, the payout and the balance transaction in it.
    object: String,
    /// The account that is debited.
    debit: &'static str,
    /// The account that is credited.
    credit: &'static str,
    /// How much, in the minor unit; always above 0.
    amount_minor: i64,
    /// Its currency.
    currency: String,
    /// When it happened, as Stripe dates it, RFC 3339.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When it was booked here, RFC 3339.
    #[schema(format = DateTime)]
    booked_at: String,
}

/// A contribution with all that is booked of it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WholeContribution)]
pub struct WholeShape {
    #[serde(flatten)]
    contribution: ContributionShape,
    /// Its payments, the oldest first.
    payments: Vec<PaymentShape>,
    /// Its ledger entries, the oldest first.
    entries: Vec<EntryShape>,
}

impl From<Contribution> for ContributionShape {
    fn from(it: Contribution) -> Self {
        Self {
            id: it.id.into(),
            site: it.site,
            supporter: it.supporter.map(String::from),
            interval: IntervalShape::of(it.frequency),
            interval_count: it.frequency.count(),
            terms: it.money.map(|money| it.frequency.terms(money)),
            amount_minor: it.money.map(|money| money.amount_minor),
            currency: it.money.map(|money| money.currency.into()),
            state: it.state,
            appeal: it.appeal,
            variant: it.variant,
            started_at: it.started_at_ms.map(clock::rfc3339),
            last_kept_payment_at: it.last_kept_payment_at_ms.map(clock::rfc3339),
            paid_until: it.paid_until_ms.map(clock::rfc3339),
            ended_at: it.ended_at_ms.map(clock::rfc3339),
            payments_withdrawn: it.payments_withdrawn,
            session: it.session,
            subscription: it.subscription,
            subscriptions: it.subscriptions,
            customer: it.customer,
        }
    }
}

impl From<Payment> for PaymentShape {
    fn from(it: Payment) -> Self {
        Self {
            id: it.object,
            kind: it.kind,
            amount_minor: it.money.amount_minor,
            currency: it.money.currency.into(),
            presented_amount_minor: it.presented.map(|money| money.amount_minor),
            presented_currency: it.presented.map(|money| money.currency.into()),
            paid_at: clock::rfc3339(it.paid_at_ms),
            refunded_minor: it.refunded_minor,
            disputed_minor: it.disputed_minor,
            awaiting_minor: it.awaiting_minor,
            differing_minor: it.differing_minor,
            settle_by: it.settle_by_ms.map(clock::rfc3339),
            fee_minor: it.settled.map(|settled| settled.fee_minor),
            net_minor: it.settled.map(|settled| settled.net_minor),
            settlement_currency: it.settled.map(|settled| settled.currency.into()),
            charge: it.charge,
            payout: it.payout,
            payout_arrives_at: it.payout_arrives_at_ms.map(clock::rfc3339),
        }
    }
}

impl From<(Entry, i64)> for EntryShape {
    fn from((it, booked_at_ms): (Entry, i64)) -> Self {
        let (debit, credit) = it.kind.accounts();
        Self {
            kind: it.kind.as_str(),
            object: it.object,
            debit: debit.as_str(),
            credit: credit.as_str(),
            amount_minor: it.money.amount_minor,
            currency: it.money.currency.into(),
            occurred_at: clock::rfc3339(it.occurred_at_ms),
            booked_at: clock::rfc3339(booked_at_ms),
        }
    }
}

impl From<WholeGift> for WholeShape {
    fn from(it: WholeGift) -> Self {
        Self {
            contribution: it.contribution.into(),
            payments: it.payments.into_iter().map(PaymentShape::from).collect(),
            entries: it.entries.into_iter().map(EntryShape::from).collect(),
        }
    }
}
