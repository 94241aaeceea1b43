//! Contributions and their ledger: plain data and plain functions.
//!
//! **Owns** what a gift is, which facts make it, which ledger entries follow.
//! **Never** does I/O, and never hangs on the order in which facts came.
//! **Start at** [`fold`].
//! **Tested in** the files here, `tests/api/story.rs`.

mod entries;
mod facts;
mod fold;
#[cfg(test)]
mod laws;
mod state;

pub use entries::{Account, Entry, EntryKind};
pub use facts::{
    ChargeFact, DisputeFact, DisputeState, Fact, InvoiceFact, InvoicePaymentFact, InvoiceState, Join, Latest,
    Newest, Origin, RefundFact, RefundState, SessionFact, SessionMode, SessionState, SubscriptionFact,
    SubscriptionState, Terms,
};
pub use fold::{Alarm, Folded, fold, join_all};
pub use state::{Contribution, ContributionState};
