//! Payments as the finance team reads them: what arrived, what was refunded or disputed, and where the rest went.

use serde::Serialize;

use super::EntryKind;
use crate::ids::ContributionId;
use crate::money::{Currency, Money};

/// How a payment arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Through Stripe: a payment intent or a charge moved it.
    Payment,
    /// Outside Stripe: somebody marked the invoice as paid.
    OfflinePayment,
    /// The invoice is paid, but Stripe has not reported yet how it was paid. Nothing is booked until it does.
    Unconfirmed,
}

impl PaymentKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Payment, Self::OfflinePayment, Self::Unconfirmed];

    /// The label in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::OfflinePayment => "offline_payment",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind of entry that books a payment of this kind, and the kind that reverses it if the payment was made in
    /// another way. `None` if the payment is not booked.
    pub(super) fn entries(self) -> Option<(EntryKind, EntryKind)> {
        match self {
            Self::Payment => Some((EntryKind::Payment, EntryKind::PaymentReversal)),
            Self::OfflinePayment => Some((EntryKind::OfflinePayment, EntryKind::OfflinePaymentReversal)),
            Self::Unconfirmed => None,
        }
    }
}

/// The suffix of an invoice's id for its offline part, if another part was paid through Stripe.
pub(super) const OFFLINE_PART: &str = "/offline";

/// A payment and its reversals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The payment's key: the payment intent of a one-off gift, or the invoice of a recurring one. If the key ends with
    /// `/offline`, the payment is the part of an invoice that was paid outside Stripe.
    pub object: String,
    /// How the payment arrived.
    pub kind: PaymentKind,
    /// The gift that the payment belongs to.
    pub contribution: ContributionId,
    /// The site that received it.
    pub site: String,
    /// The amount received.
    pub money: Money,
    /// The amount that the reader saw and paid, if it was in another currency.
    pub presented: Option<Money>,
    /// When the payment arrived, in milliseconds since 1970.
    pub paid_at_ms: i64,
    /// The refunded amount without failed refunds, in the minor unit of `money`.
    pub refunded_minor: i64,
    /// The amount that banks withdrew in disputes and that was not won back, in the minor unit of `money`.
    pub disputed_minor: i64,
    /// The part of the booked amount (payment, refunds and disputes) that Stripe has not settled yet, in the minor unit
    /// of `money`.
    pub unsettled_minor: i64,
    /// By how much the booked amount exceeds the amount in Stripe's balance transactions for this payment, in the minor
    /// unit of `money`.
    pub discrepancy_minor: i64,
    /// When Stripe should have settled everything, in milliseconds since 1970. `None` once Stripe has.
    pub settle_by_ms: Option<i64>,
    /// What Stripe settled. `None` until a balance transaction is known.
    pub settled: Option<Settled>,
    /// The charge that paid.
    pub charge: Option<String>,
    /// The payout that contained the payment.
    pub payout: Option<String>,
    /// When that payout arrives at the bank, in milliseconds since 1970.
    pub payout_arrives_at_ms: Option<i64>,
}

/// The total that Stripe settled for a payment, its refunds and its disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The settlement currency.
    pub currency: Currency,
    /// Stripe's fees, in the minor unit.
    pub fee_minor: i64,
    /// What remains after fees, refunds and disputes, in the minor unit.
    pub net_minor: i64,
}
