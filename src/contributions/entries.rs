//! Ledger entries: immutable transfers, each with one cause.

use serde::{Deserialize, Serialize};

use crate::ids::ContributionId;
use crate::money::Money;

/// An account of one site in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// The money that Stripe holds for us.
    Clearing,
    /// The money that readers paid outside Stripe: in cash, or directly to our bank.
    Offline,
    /// The money that readers gave.
    Contributions,
    /// Stripe's fees.
    Fees,
    /// Refunds.
    Refunds,
    /// The money that banks withdrew in disputes.
    Disputes,
    /// Conversions between two currencies: readers paid in one, and Stripe settled in another.
    Fx,
    /// The money that Stripe sent to our bank.
    Bank,
}

/// The kind of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A reader paid.
    Payment,
    /// Reverses a payment that seemed to be made through Stripe but was made outside it.
    PaymentReversal,
    /// A reader paid outside Stripe, and somebody marked the invoice as paid.
    OfflinePayment,
    /// Reverses a payment that seemed to be made outside Stripe but was made through it.
    OfflinePaymentReversal,
    /// A refund.
    Refund,
    /// A refund failed, and the money is back.
    RefundReversal,
    /// A bank withdrew the money of a payment in a dispute.
    Dispute,
    /// The bank returned the money of a dispute.
    DisputeReversal,
    /// Stripe charged its fee.
    Fee,
    /// Stripe returned its fee.
    FeeReversal,
    /// Stripe converted an amount to another currency. This entry has the original amount.
    ExchangeOut,
    /// Stripe converted an amount to another currency. This entry has the converted amount.
    ExchangeIn,
    /// Stripe sent the money to the bank.
    Payout,
    /// The bank returned the money, or Stripe withheld it from a payout to cover reversals.
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

    /// The label in JSON and in the database.
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

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The account that is debited and the account that is credited, in this order.
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

    /// The effect on the money that Stripe holds for us: 1 adds, -1 removes, 0 changes nothing.
    pub fn sign(self) -> i64 {
        match self.accounts() {
            (Account::Clearing, _) => 1,
            (_, Account::Clearing) => -1,
            _ => 0,
        }
    }

    /// Whether the entry moves money between Stripe and the bank. Such an entry changes what Stripe holds for us, but
    /// not what readers gave.
    pub fn is_payout(self) -> bool {
        matches!(self, Self::Payout | Self::PayoutReversal)
    }
}

impl Account {
    /// The label in JSON and on the command line. In the database, `fx` is called `exchange`: earlier seals (signed
    /// digests of the ledger) cover the rows with this label, so these rows can't change.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fx => "fx",
            other => other.as_str(),
        }
    }

    /// Every account, in the order in which they are shown.
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

    /// The label in the database.
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
    /// The kind of transfer.
    pub kind: EntryKind,
    /// The Stripe object that caused the entry. Together with the kind, this is the entry's key. For a payout, this is
    /// the payout and the balance transaction in it (`po_…/txn_…`). For a part of an invoice, the part's amount follows
    /// the invoice. If the same amount is booked again, a number follows (`in_…/part-300/2`).
    pub object: String,
    /// The gift that the entry belongs to.
    pub contribution: ContributionId,
    /// The site that received the gift.
    pub site: String,
    /// The amount, always above 0.
    pub money: Money,
    /// When it happened, according to Stripe, in milliseconds since 1970.
    pub occurred_at_ms: i64,
}

impl Entry {
    /// The id at Stripe that `object` begins with.
    pub fn stripe_id(&self) -> &str {
        self.object.split_once('/').map_or(&self.object, |(id, _)| id)
    }

    /// The entry's natural key. Each cause is booked only once.
    pub fn cause(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.object)
    }
}
