//! Ledger entries: immutable transfers, each with one cause.

use serde::{Deserialize, Serialize};

use crate::ids::ContributionId;
use crate::money::Money;

/// An account of one site in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What Stripe holds for us.
    Clearing,
    /// What readers gave.
    Contributions,
    /// What was given back.
    Refunds,
    /// What banks took back.
    Disputes,
}

/// What moved the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A reader gave.
    Payment,
    /// We gave it back.
    Refund,
    /// The refund did not arrive: we have it again.
    RefundReversal,
    /// A bank took it back.
    Dispute,
    /// The bank gave it back to us.
    DisputeReversal,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Payment, Self::Refund, Self::RefundReversal, Self::Dispute, Self::DisputeReversal];

    /// The word in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::RefundReversal => "refund_reversal",
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The accounts that the amount is debited and credited to, in that order.
    pub fn accounts(self) -> (Account, Account) {
        match self {
            Self::Payment => (Account::Clearing, Account::Contributions),
            Self::Refund => (Account::Refunds, Account::Clearing),
            Self::RefundReversal => (Account::Clearing, Account::Refunds),
            Self::Dispute => (Account::Disputes, Account::Clearing),
            Self::DisputeReversal => (Account::Clearing, Account::Disputes),
        }
    }

    /// What the kind does to what Stripe holds for us: 1 adds, -1 takes.
    pub fn sign(self) -> i64 {
        if self.accounts().0 == Account::Clearing { 1 } else { -1 }
    }
}

impl Account {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clearing => "clearing",
            Self::Contributions => "contributions",
            Self::Refunds => "refunds",
            Self::Disputes => "disputes",
        }
    }
}

/// One immutable transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What moved the money.
    pub kind: EntryKind,
    /// The Stripe object that says so; with the kind, the entry's key.
    pub object: String,
    /// The gift it belongs to.
    pub contribution: ContributionId,
    /// The site it was given to.
    pub site: String,
    /// How much, always above 0.
    pub money: Money,
    /// When it happened, by Stripe's word, in milliseconds since 1970.
    pub occurred_at_ms: i64,
}

impl Entry {
    /// The natural key: the same cause is booked once, for ever.
    pub fn cause(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.object)
    }
}
