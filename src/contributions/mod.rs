//! Contributions and their ledger: plain data and plain functions.
//!
//! **Owns** what a gift is, which facts make it, which ledger entries follow.
//! **Never** does I/O, and never hangs on the order in which facts came.
//! **Start at** [`fold`].
//! **Tested in** the files here, `tests/api/story.rs`.

mod entries;
mod facts;
mod fold;
mod join;
#[cfg(test)]
mod laws;
mod movements;
mod state;
mod states;
mod story;

pub use entries::{Account, Entry, EntryKind};
pub use facts::{
    ChargeFact, DisputeFact, Fact, InvoiceFact, InvoicePaymentFact, Origin, RefundFact, SessionFact,
    SubscriptionFact, Terms,
};
pub use fold::{Alarm, Folded, fold, join_all};
pub use join::{Join, Latest, Newest};
pub use state::{Contribution, ContributionState};
pub use states::{DisputeState, InvoiceState, RefundState, SessionMode, SessionState, SubscriptionState};
