//! Payments as finance reads them: what came, what stayed, and where it went.

use serde::Serialize;

use crate::ids::ContributionId;
use crate::money::{Currency, Money};

/// Money that came, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Its key at Stripe: the payment intent of a one-off, the invoice of a recurring gift.
    pub object: String,
    /// The gift it belongs to.
    pub contribution: ContributionId,
    /// The site it was given to.
    pub site: String,
    /// How much came.
    pub money: Money,
    /// What the reader saw and paid, where that was another currency.
    pub presented: Option<Money>,
    /// When it came, in milliseconds since 1970.
    pub paid_at_ms: i64,
    /// Refunded and not come back, in the minor unit of `money`.
    pub refunded_minor: i64,
    /// Taken back by banks and not won back, in the minor unit of `money`.
    pub disputed_minor: i64,
    /// Booked of it, its refunds and its disputes, and not settled yet, in the minor unit of `money`.
    pub awaiting_minor: i64,
    /// By how much more is booked than Stripe's balance says, in the minor unit of `money`.
    pub differing_minor: i64,
    /// What Stripe settled; none until its balance transaction is known.
    pub settled: Option<Settled>,
    /// The charge.
    pub charge: Option<String>,
    /// The payout that it left with.
    pub payout: Option<String>,
    /// When the bank has that payout, in milliseconds since 1970.
    pub payout_arrives_at_ms: Option<i64>,
}

/// What Stripe settled for a payment, its refunds and its disputes, in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The currency that Stripe settles in.
    pub currency: Currency,
    /// What Stripe kept, in the minor unit.
    pub fee_minor: i64,
    /// What is left for us after fees, refunds and disputes, in the minor unit.
    pub net_minor: i64,
}
