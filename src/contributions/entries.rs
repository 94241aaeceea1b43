//! Ledger entries: immutable transfers, each with one cause.

use serde::{Deserialize, Serialize};

use crate::ids::ContributionId;
use crate::money::Money;

/// An account of one site in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What Stripe holds for us.
    Clearing,
    /// What readers paid outside Stripe: in cash, or straight to our bank.
    Offline,
    /// What readers gave.
    Contributions,
    /// What Stripe kept.
    Fees,
    /// What was given back.
    Refunds,
    /// What banks took back.
    Disputes,
    /// Between two currencies: what readers paid in one and Stripe settled in another.
    Fx,
    /// What Stripe sent to our bank.
    Bank,
}

/// What moved the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A reader gave.
    Payment,
    /// What had looked like a payment through Stripe was made outside it.
    PaymentReversal,
    /// A reader gave outside Stripe, and somebody marked the invoice as paid there.
    OfflinePayment,
    /// What had looked like a payment outside Stripe came through it.
    OfflinePaymentReversal,
    /// We gave it back.
    Refund,
    /// The refund did not arrive: we have it again.
    RefundReversal,
    /// A bank took it back.
    Dispute,
    /// The bank gave it back to us.
    DisputeReversal,
    /// Stripe kept its part.
    Fee,
    /// Stripe gave its part back.
    FeeReversal,
    /// Stripe turned it into another currency: what went.
    ExchangeOut,
    /// Stripe turned it into another currency: what came of it.
    ExchangeIn,
    /// Stripe sent it to our bank.
    Payout,
    /// It came back from our bank, or was kept from a payout to make up for what was taken back.
    PayoutReversal,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Payment,
        Self::PaymentReversal,
        Self::OfflinePayment,
        Self::OfflinePaymentReversal,
        Self::Refund,
        Self::RefundReversal,
        Self::Dispute,
        Self::DisputeReversal,
        Self::Fee,
        Self::FeeReversal,
        Self::ExchangeOut,
        Self::ExchangeIn,
        Self::Payout,
        Self::PayoutReversal,
    ];

    /// The word in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::PaymentReversal => "payment_reversal",
            Self::OfflinePayment => "offline_payment",
            Self::OfflinePaymentReversal => "offline_payment_reversal",
            Self::Refund => "refund",
            Self::RefundReversal => "refund_reversal",
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
            Self::Fee => "fee",
            Self::FeeReversal => "fee_reversal",
            Self::ExchangeOut => "exchange_out",
            Self::ExchangeIn => "exchange_in",
            Self::Payout => "payout",
            Self::PayoutReversal => "payout_reversal",
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
            Self::PaymentReversal => (Account::Contributions, Account::Clearing),
            Self::OfflinePayment => (Account::Offline, Account::Contributions),
            Self::OfflinePaymentReversal => (Account::Contributions, Account::Offline),
            Self::Refund => (Account::Refunds, Account::Clearing),
            Self::RefundReversal => (Account::Clearing, Account::Refunds),
            Self::Dispute => (Account::Disputes, Account::Clearing),
            Self::DisputeReversal => (Account::Clearing, Account::Disputes),
            Self::Fee => (Account::Fees, Account::Clearing),
            Self::FeeReversal => (Account::Clearing, Account::Fees),
            Self::ExchangeOut => (Account::Fx, Account::Clearing),
            Self::ExchangeIn => (Account::Clearing, Account::Fx),
            Self::Payout => (Account::Bank, Account::Clearing),
            Self::PayoutReversal => (Account::Clearing, Account::Bank),
        }
    }

    /// What the kind does to what Stripe holds for us: 1 adds, -1 takes, 0 leaves it as it is.
    pub fn sign(self) -> i64 {
        match self.accounts() {
            (Account::Clearing, _) => 1,
            (_, Account::Clearing) => -1,
            _ => 0,
        }
    }

    /// Whether it moves money between Stripe and our bank, which changes what Stripe holds and not what readers gave.
    pub fn is_payout(self) -> bool {
        matches!(self, Self::Payout | Self::PayoutReversal)
    }
}

impl Account {
    /// The label in JSON and at the command line. The ledger keeps `exchange` for `fx`: its rows never change, and seals
    /// of earlier days are made from them.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fx => "fx",
            other => other.as_str(),
        }
    }

    /// Every account, in the order in which people read them.
    pub const ALL: [Self; 8] = [
        Self::Contributions,
        Self::Refunds,
        Self::Disputes,
        Self::Fees,
        Self::Fx,
        Self::Clearing,
        Self::Offline,
        Self::Bank,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clearing => "clearing",
            Self::Offline => "offline",
            Self::Contributions => "contributions",
            Self::Fees => "fees",
            Self::Refunds => "refunds",
            Self::Disputes => "disputes",
            Self::Fx => "exchange",
            Self::Bank => "bank",
        }
    }
}

/// One immutable transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What moved the money.
    pub kind: EntryKind,
    /// The Stripe object that says so; with the kind, the entry's key. Of a payout, the payout and what is in it
    /// (`po_…/txn_…`).
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
