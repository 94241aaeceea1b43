//! What moved on Stripe's balance, and what left it for the bank.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::join::{Join, Latest};
use super::states::PayoutState;
use crate::money::Currency;

/// A balance transaction: what a charge, a refund or a dispute did to Stripe's balance, in the currency that Stripe
/// settles in (<https://docs.stripe.com/api/balance_transactions>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionFact {
    /// `txn_…`
    pub id: String,
    /// The charge, refund or dispute that made it.
    pub source: Option<String>,
    /// How much, and Stripe's part.
    pub moved: Option<BalanceChange>,
    /// When it was made, in seconds since 1970.
    pub created_at_s: Option<i64>,
    /// The payouts that it left with, by their ids: one, unless that one came back.
    #[serde(default)]
    pub payouts: BTreeMap<String, PayoutMark>,
}

/// An amount that can go either way, and Stripe's fee; both in the minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BalanceChange {
    /// Below 0 when money left.
    pub amount_minor: i64,
    /// Below 0 when Stripe gave a fee back.
    pub fee_minor: i64,
    /// The currency that it was settled in.
    pub currency: Currency,
}

impl BalanceChange {
    /// What the balance holds more.
    pub fn net_minor(&self) -> i64 {
        self.amount_minor.saturating_sub(self.fee_minor)
    }
}

/// What a payout did with what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutMark {
    /// How it stands.
    pub latest: Latest<PayoutState>,
    /// True once any report said that the money had left.
    pub left: bool,
    /// When the bank has it, in seconds since 1970.
    pub arrives_at_s: Option<i64>,
    /// When Stripe's balance had the money again, in seconds since 1970.
    #[serde(default)]
    pub returned_at_s: Option<i64>,
}

impl PayoutMark {
    /// Whether the money came back to Stripe.
    pub fn came_back(&self) -> bool {
        matches!(self.latest.state, PayoutState::Canceled | PayoutState::Failed)
    }
}

impl Join for PayoutMark {
    fn join(self, other: Self) -> Self {
        Self {
            latest: self.latest.join(other.latest),
            left: self.left || other.left,
            arrives_at_s: self.arrives_at_s.join(other.arrives_at_s),
            returned_at_s: self.returned_at_s.join(other.returned_at_s),
        }
    }
}

/// A payout: what Stripe sent to the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutFact {
    /// `po_…`
    pub id: String,
    /// How it stands.
    pub mark: PayoutMark,
    /// How much, in the minor unit; below 0 when Stripe took money from the bank.
    pub amount_minor: Option<i64>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// When it was made, in seconds since 1970.
    pub created_at_s: Option<i64>,
    /// How it stood when it was last told which transactions are in it; none before.
    #[serde(default)]
    pub listed_as: Option<PayoutState>,
}

join_fields!(TransactionFact: source, moved, created_at_s, payouts; any: ; all: );
join_fields!(PayoutFact: mark, amount_minor, currency, created_at_s, listed_as; any: ; all: );
