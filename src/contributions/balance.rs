//! Movements of Stripe's balance, and payouts to the bank.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::join::{Join, Latest};
use super::states::PayoutState;
use crate::money::Currency;

/// A balance transaction: how a charge, a refund or a dispute changed Stripe's balance, in the settlement currency
/// (<https://docs.stripe.com/api/balance_transactions>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionFact {
    /// `txn_…`
    pub id: String,
    /// The charge, refund or dispute that caused it.
    pub source: Option<String>,
    /// The amount and Stripe's fee.
    pub moved: Option<BalanceChange>,
    /// When it was created, in seconds since 1970.
    pub created_at_s: Option<i64>,
    /// The payouts that contained it, by id. There are several only if an earlier payout was returned.
    #[serde(default)]
    pub payouts: BTreeMap<String, PayoutMark>,
}

/// A signed amount and Stripe's fee, both in the minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BalanceChange {
    /// The amount; negative if money left Stripe's balance.
    pub amount_minor: i64,
    /// The fee; negative if Stripe returned a fee.
    pub fee_minor: i64,
    /// The settlement currency.
    pub currency: Currency,
}

impl BalanceChange {
    /// The change of Stripe's balance: the amount minus the fee.
    pub fn net_minor(&self) -> i64 {
        self.amount_minor.saturating_sub(self.fee_minor)
    }
}

/// The state of a payout, as stored with each balance transaction in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutMark {
    /// The payout's newest state.
    pub latest: Latest<PayoutState>,
    /// True once any report said that the money was sent.
    pub left: bool,
    /// When the money arrives at the bank, in seconds since 1970.
    pub arrives_at_s: Option<i64>,
    /// When the money of a returned payout was back in Stripe's balance, in seconds since 1970.
    #[serde(default)]
    pub returned_at_s: Option<i64>,
}

impl PayoutMark {
    /// Whether the money was returned to Stripe.
    pub fn was_returned(&self) -> bool {
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
    /// The payout's newest state.
    pub mark: PayoutMark,
    /// The amount, in the minor unit. Negative if Stripe debited the bank account.
    pub amount_minor: Option<i64>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// When it was created, in seconds since 1970.
    pub created_at_s: Option<i64>,
    /// The payout's state when its contents were last listed. `None` if they never were.
    #[serde(default)]
    pub listed_as: Option<PayoutState>,
}

// `join_fields!` implements `Join`: it says how two reports of the same object are merged, field by field.
join_fields!(TransactionFact: source, moved, created_at_s, payouts; any: ; all: );
join_fields!(PayoutFact: mark, amount_minor, currency, created_at_s, listed_as; any: ; all: );
