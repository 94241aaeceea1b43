//! Where a contribution stands.

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
    /// The money is on its way.
    Processing,
    /// The money did not come.
    Failed,
    /// There was nothing to pay.
    NothingToPay,
    /// A one-off whose money came and stayed.
    Paid,
    /// A recurring one that runs, and is paid for.
    Active,
    /// A recurring one whose latest payment failed and is tried again.
    PastDue,
    /// A recurring one that is over.
    Ended,
    /// Every payment was refunded or taken back in full, or the latest one was disputed while it still runs.
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

    /// The word in JSON and in the database.
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

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One act of giving, as the facts have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Its id, made at checkout and carried by Stripe's metadata.
    pub id: ContributionId,
    /// The site that received it.
    pub site: String,
    /// Who gave; none while no fact has named an e-mail address.
    pub supporter: Option<SupporterId>,
    /// How often.
    pub frequency: Frequency,
    /// How much each time, as agreed now; none while no fact has said so.
    pub money: Option<Money>,
    /// The state.
    pub state: ContributionState,
    /// The appeal that led to the gift.
    pub appeal: Option<String>,
    /// Its variant.
    pub variant: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// The newest payment that was not taken back in full, in milliseconds since 1970.
    pub last_retained_payment_at_ms: Option<i64>,
    /// Until when it is paid for, in milliseconds since 1970; none for a one-off, or while no payment was kept.
    pub paid_until_ms: Option<i64>,
    /// When its subscription ended, in milliseconds since 1970; none while it runs.
    pub ended_at_ms: Option<i64>,
    /// How many payments were ever refunded or disputed in full. It only
    /// grows, and with it the supporter's epoch.
    pub reversed_payments: i64,
    /// Stripe's ids of the session, the subscription and the customer.
    pub session: Option<String>,
    /// The subscription at Stripe; of several the one that decides.
    pub subscription: Option<String>,
    /// All its subscriptions, by id: staff may have made one anew.
    pub subscriptions: Vec<String>,
    /// The customer at Stripe.
    pub customer: Option<String>,
}
