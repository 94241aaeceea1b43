//! The response bodies of contributions.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::contributions::{
    Contribution, ContributionState, Entry, Frequency, IntervalUnit, Payment, PaymentKind,
};
use crate::store::pages::ContributionDetail;

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
    /// Several amounts, each with an interval of its own.
    Mixed,
}

impl IntervalShape {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Mixed => "mixed",
        }
    }

    fn from_frequency(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Once => Self::Once,
            Frequency::Every { unit: IntervalUnit::Day, .. } => Self::Day,
            Frequency::Every { unit: IntervalUnit::Week, .. } => Self::Week,
            Frequency::Every { unit: IntervalUnit::Month, .. } => Self::Month,
            Frequency::Every { unit: IntervalUnit::Year, .. } => Self::Year,
            Frequency::Mixed => Self::Mixed,
        }
    }
}

/// One gift, one-off or recurring.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Contribution)]
pub struct ContributionShape {
    /// The contribution's id.
    #[schema(example = "con_0123456789abcdefghjkmnpqrs")]
    id: String,
    /// The id of the site that received the gift.
    site: String,
    /// The supporter; null until Stripe reports an e-mail address.
    #[schema(example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: Option<String>,
    /// The unit of time between two payments, used with `interval_count`.
    interval: IntervalShape,
    /// The number of units of `interval` between two payments: 3 with `month` is quarterly. 1 for a one-off gift, and
    /// for `mixed` (a subscription whose prices have different intervals).
    #[schema(minimum = 1)]
    interval_count: u32,
    /// The amount and the interval, in English; null until Stripe reports them.
    #[schema(example = "€21 every 3 months")]
    terms: Option<String>,
    /// The amount of each payment, in the currency's minor unit; null until Stripe reports it.
    amount_minor: Option<i64>,
    /// The currency, ISO 4217; null until Stripe reports it.
    currency: Option<String>,
    /// The state of the contribution.
    state: ContributionState,
    /// The appeal that led to the gift.
    appeal: Option<String>,
    /// The variant of that appeal.
    variant: Option<String>,
    /// When the contribution began, RFC 3339.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// The arrival time of the newest payment that was not fully reversed (refunded or lost in a dispute), RFC 3339.
    #[schema(format = DateTime)]
    last_retained_payment_at: Option<String>,
    /// The end of the paid period of a recurring gift, RFC 3339. The reader is a supporter until then, even if the
    /// gift has ended.
    #[schema(format = DateTime)]
    paid_until: Option<String>,
    /// When the subscription ended, RFC 3339; null while it runs.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How many payments of the contribution were ever fully reversed.
    reversed_payments: i64,
    /// The id of Stripe's Checkout Session.
    session: Option<String>,
    /// The id of Stripe's subscription. If there are several, the one that is active or that was paid.
    subscription: Option<String>,
    /// The ids of all subscriptions of the contribution. There are several if staff created a new one in Stripe's
    /// dashboard.
    subscriptions: Vec<String>,
    /// The id of Stripe's customer.
    customer: Option<String>,
}

/// A page of contributions.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Contributions)]
pub struct ContributionsShape {
    /// The contributions, newest first.
    pub contributions: Vec<ContributionShape>,
    /// Send it as `after` to get the next page; null on the last page.
    pub next: Option<String>,
}

/// A payment and its reversals. Each amount is in the minor unit of its currency, which is `currency`,
/// `settlement_currency` or `presented_currency`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Payment)]
pub struct PaymentShape {
    /// Stripe's id: the payment intent of a one-off gift, or the invoice of a recurring one. If it ends with
    /// `/offline`, this is the part of an invoice that was paid outside Stripe.
    id: String,
    /// How the payment arrived. An `unconfirmed` payment is not booked: the invoice is paid, but Stripe has not
    /// reported yet whether it moved the money.
    kind: PaymentKind,
    /// The amount received, in `currency`.
    amount_minor: i64,
    /// The currency of `amount_minor`, `refunded_minor`, `disputed_minor` and `unsettled_minor`.
    currency: String,
    /// The amount that the reader saw and paid, if it was in another currency; otherwise null.
    presented_amount_minor: Option<i64>,
    /// The currency of `presented_amount_minor`.
    presented_currency: Option<String>,
    /// When the payment arrived, RFC 3339.
    #[schema(format = DateTime)]
    paid_at: String,
    /// The amount refunded, without failed refunds.
    refunded_minor: i64,
    /// The amount that banks withdrew in disputes and that was not won back.
    disputed_minor: i64,
    /// The amount that is booked, but not settled by Stripe yet.
    unsettled_minor: i64,
    /// By how much the booked amount exceeds the amount of Stripe's balance transactions for this payment; 0 if they
    /// agree.
    discrepancy_minor: i64,
    /// The time by which Stripe should settle the whole payment, RFC 3339; null once it is settled.
    #[schema(format = DateTime)]
    settle_by: Option<String>,
    /// Stripe's fees, in `settlement_currency`; null until Stripe settles.
    fee_minor: Option<i64>,
    /// What is left after fees, refunds and disputes, in `settlement_currency`; null until Stripe settles.
    net_minor: Option<i64>,
    /// The currency in which Stripe settled; null until it settles.
    settlement_currency: Option<String>,
    /// The id of Stripe's charge.
    charge: Option<String>,
    /// The id of the payout that contained the payment.
    payout: Option<String>,
    /// When that payout reaches the bank, RFC 3339.
    #[schema(format = DateTime)]
    payout_arrives_at: Option<String>,
}

/// One immutable transfer in the ledger.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Entry)]
pub struct EntryShape {
    /// The kind of entry, such as `payment`, `fee` or `payout`.
    kind: &'static str,
    /// The id of the Stripe object that caused the entry; for a payout, the ids of the payout and its balance
    /// transaction.
    object: String,
    /// The ledger account that is debited.
    debit: &'static str,
    /// The ledger account that is credited.
    credit: &'static str,
    /// The amount, in the minor unit; always above 0.
    amount_minor: i64,
    /// The currency, ISO 4217.
    currency: String,
    /// When the money moved, according to Stripe, RFC 3339.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When Keepopen booked the entry, RFC 3339.
    #[schema(format = DateTime)]
    booked_at: String,
}

/// A contribution with everything that is booked for it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WholeContribution)]
pub struct ContributionDetailShape {
    #[serde(flatten)]
    contribution: ContributionShape,
    /// The contribution's payments, oldest first.
    payments: Vec<PaymentShape>,
    /// The contribution's ledger entries, oldest first.
    entries: Vec<EntryShape>,
}

impl From<Contribution> for ContributionShape {
    fn from(contribution: Contribution) -> Self {
        Self {
            id: contribution.id.into(),
            site: contribution.site,
            supporter: contribution.supporter.map(String::from),
            interval: IntervalShape::from_frequency(contribution.frequency),
            interval_count: contribution.frequency.count(),
            terms: contribution.money.map(|money| contribution.frequency.terms(money)),
            amount_minor: contribution.money.map(|money| money.amount_minor),
            currency: contribution.money.map(|money| money.currency.into()),
            state: contribution.state,
            appeal: contribution.appeal,
            variant: contribution.variant,
            started_at: contribution.started_at_ms.map(clock::rfc3339),
            last_retained_payment_at: contribution.last_retained_payment_at_ms.map(clock::rfc3339),
            paid_until: contribution.paid_until_ms.map(clock::rfc3339),
            ended_at: contribution.ended_at_ms.map(clock::rfc3339),
            reversed_payments: contribution.reversed_payments,
            session: contribution.session,
            subscription: contribution.subscription,
            subscriptions: contribution.subscriptions,
            customer: contribution.customer,
        }
    }
}

impl From<Payment> for PaymentShape {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.object,
            kind: payment.kind,
            amount_minor: payment.money.amount_minor,
            currency: payment.money.currency.into(),
            presented_amount_minor: payment.presented.map(|money| money.amount_minor),
            presented_currency: payment.presented.map(|money| money.currency.into()),
            paid_at: clock::rfc3339(payment.paid_at_ms),
            refunded_minor: payment.refunded_minor,
            disputed_minor: payment.disputed_minor,
            unsettled_minor: payment.unsettled_minor,
            discrepancy_minor: payment.discrepancy_minor,
            settle_by: payment.settle_by_ms.map(clock::rfc3339),
            fee_minor: payment.settled.map(|settled| settled.fee_minor),
            net_minor: payment.settled.map(|settled| settled.net_minor),
            settlement_currency: payment.settled.map(|settled| settled.currency.into()),
            charge: payment.charge,
            payout: payment.payout,
            payout_arrives_at: payment.payout_arrives_at_ms.map(clock::rfc3339),
        }
    }
}

impl From<(Entry, i64)> for EntryShape {
    fn from((entry, booked_at_ms): (Entry, i64)) -> Self {
        let (debit, credit) = entry.kind.accounts();
        Self {
            kind: entry.kind.as_str(),
            object: entry.object,
            debit: debit.label(),
            credit: credit.label(),
            amount_minor: entry.money.amount_minor,
            currency: entry.money.currency.into(),
            occurred_at: clock::rfc3339(entry.occurred_at_ms),
            booked_at: clock::rfc3339(booked_at_ms),
        }
    }
}

impl From<ContributionDetail> for ContributionDetailShape {
    fn from(detail: ContributionDetail) -> Self {
        Self {
            contribution: detail.contribution.into(),
            payments: detail.payments.into_iter().map(PaymentShape::from).collect(),
            entries: detail.entries.into_iter().map(EntryShape::from).collect(),
        }
    }
}
