//! A contribution and its state.

use serde::{Deserialize, Serialize};

use super::Frequency;
use crate::ids::{ContributionId, SupporterId};
use crate::money::Money;

/// The state of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContributionState {
    /// The reader has not completed Stripe's payment page.
    Open,
    /// The payment page expired before the reader completed it.
    Expired,
    /// The payment is under way.
    Processing,
    /// The payment failed.
    Failed,
    /// There was nothing to pay.
    NothingToPay,
    /// A one-off contribution that was paid. At least a part of the money was retained.
    Paid,
    /// A recurring contribution that is active and paid.
    Active,
    /// A recurring contribution whose newest payment failed and will be retried.
    PastDue,
    /// A recurring contribution that has ended.
    Ended,
    /// Every payment was fully refunded or disputed, or the newest one of an active gift was disputed.
    Reversed,
}

impl ContributionState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Open,
        Self::Expired,
        Self::Processing,
        Self::Failed,
        Self::NothingToPay,
        Self::Paid,
        Self::Active,
        Self::PastDue,
        Self::Ended,
        Self::Reversed,
    ];

    /// The label in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::Processing => "processing",
            Self::Failed => "failed",
            Self::NothingToPay => "nothing_to_pay",
            Self::Paid => "paid",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Ended => "ended",
            Self::Reversed => "reversed",
        }
    }

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One act of giving, computed from the stored facts: what is known about Stripe's objects
/// (`docs/decisions/0002-facts-and-folds.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The contribution's id, created at checkout and stored in Stripe's metadata.
    pub id: ContributionId,
    /// The site that received it.
    pub site: String,
    /// The supporter. `None` until an e-mail address is known.
    pub supporter: Option<SupporterId>,
    /// How often it is given.
    pub frequency: Frequency,
    /// The currently agreed amount of each payment. `None` until a fact contains it.
    pub money: Option<Money>,
    /// The state.
    pub state: ContributionState,
    /// The appeal that led to the gift.
    pub appeal: Option<String>,
    /// The appeal's variant.
    pub variant: Option<String>,
    /// When the contribution began, in milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// When the newest payment that was not fully reversed arrived, in milliseconds since 1970.
    pub last_retained_payment_at_ms: Option<i64>,
    /// The end of the paid period, in milliseconds since 1970. `None` for a one-off gift, or if no payment was
    /// retained.
    pub paid_until_ms: Option<i64>,
    /// When the contribution's subscription ended, in milliseconds since 1970. `None` if it has not ended.
    pub ended_at_ms: Option<i64>,
    /// How many payments were ever fully refunded or disputed. This number never decreases. Each increase also raises
    /// the supporter's epoch, which invalidates older tokens (`docs/decisions/0009-token-epochs.md`).
    pub reversed_payments: i64,
    /// The id of the Checkout Session at Stripe.
    pub session: Option<String>,
    /// The id of the subscription at Stripe. If there are several, the one that determines the contribution's state.
    pub subscription: Option<String>,
    /// The ids of all its subscriptions at Stripe, sorted. There are several if staff created a new one.
    pub subscriptions: Vec<String>,
    /// The id of the customer at Stripe.
    pub customer: Option<String>,
}
