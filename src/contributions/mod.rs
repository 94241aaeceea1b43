//! Contributions and their ledger: plain data and plain functions.
//!
//! A contribution, or gift, is one act of giving: a one-off payment, or a subscription with all of its payments.
//! A fact is everything that is known about one of Stripe's objects, such as a charge. Folding the facts of one gift
//! gives the contribution, its payments, its ledger entries and its domain events
//! (`docs/decisions/0002-facts-and-folds.md`).
//!
//! **Owns** what a gift is, which facts it consists of, and which ledger entries follow from them.
//! **Never** does I/O, and never depends on the order of facts.
//! **Start at** [`fold`].
//! **Tested in** the files here and `tests/api/story.rs`.

#[macro_use]
mod join;
mod alarm_causes;
mod alarms;
mod balance;
mod changes;
mod collected;
#[cfg(test)]
mod collected_properties;
mod dates;
mod entries;
mod events;
mod export;
mod facts;
mod fold;
mod frequency;
mod gift_facts;
mod movements;
mod paid_until;
mod payments;
#[cfg(test)]
mod properties;
mod settlement;
mod siblings;
mod signals;
mod state;
mod states;

pub use alarms::{Alarm, RaisedAlarm};
pub use balance::{BalanceChange, PayoutFact, PayoutMark, TransactionFact};
pub use changes::{ChangeKind, SubscriptionChange};
pub use entries::{Account, Entry, EntryKind};
pub use events::{DomainEvent, DomainEventKind, facts_of_contribution};
pub use export::{COLUMNS, ExportedPayment};
pub use facts::{
    ChargeFact, DisputeFact, Fact, InvoiceFact, InvoicePaymentFact, Origin, Period, RefundFact, SessionFact,
    SubscriptionFact, Terms,
};
#[cfg(any(test, feature = "test-support"))]
pub use fold::join_all;
pub use fold::{Balance, Folded, fold};
pub use frequency::{Frequency, IntervalUnit};
pub use join::{Join, Latest, Newest};
pub use payments::{Payment, PaymentKind, Settled};
pub use signals::{CustomerFact, IntentFact, ReviewFact, UnknownCurrencyFact, WarningFact};
pub use state::{Contribution, ContributionState};
pub use states::{
    DisputeState, IntentState, InvoiceState, PayoutState, RefundState, SessionMode, SessionState,
    SubscriptionState,
};
