//! The state of a contribution.

use serde::{Deserialize, Serialize};

use super::Frequency;
use crate::ids::{ContributionId, SupporterId};
use crate::money::Money;

/// The state of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContributionState {
    /// The reader has not finished at Stripe.
    Open,
    /// The reader never finished.
    Expired,
    /// The payment is under way.
    Processing,
    /// The payment failed.
    Failed,
    /// There was nothing to pay.
    NothingToPay,
    /// A one-off that was paid and retained.
    Paid,
    /// A recurring one that is active and paid.
    Active,
    /// A recurring one whose newest payment failed and will be retried.
    PastDue,
    /// A recurring one that has ended.
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

/// One act of giving, as derived from the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Its id, created at checkout and stored in Stripe's metadata.
    pub id: ContributionId,
    /// The site that received it.
    pub site: String,
    /// The supporter; none until a fact names an e-mail address.
    pub supporter: Option<SupporterId>,
    /// The frequency.
    pub frequency: Frequency,
    /// The amount of each payment, as agreed now; none until a fact names it.
    pub money: Option<Money>,
    /// The state.
    pub state: ContributionState,
    /// The appeal that led to the gift.
    pub appeal: Option<String>,
    /// Its variant.
    pub variant: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// The newest payment that was not fully reversed, in milliseconds since 1970.
    pub last_retained_payment_at_ms: Option<i64>,
    /// The end of the paid period, in milliseconds since 1970; none for a one-off, or if no payment was retained.
    pub paid_until_ms: Option<i64>,
    /// When its subscription ended, in milliseconds since 1970; none while it is active.
    pub ended_at_ms: Option<i64>,
    /// How many payments were ever fully refunded or disputed. It only grows, and the supporter's epoch with it.
    pub reversed_payments: i64,
    /// Stripe's ids of the session, the subscription and the customer.
    pub session: Option<String>,
    /// The subscription at Stripe; the deciding one if there are several.
    pub subscription: Option<String>,
    /// All its subscriptions, by id: staff may have created a new one.
    pub subscriptions: Vec<String>,
    /// The customer at Stripe.
    pub customer: Option<String>,
}
