//! Books Stripe's facts (what Stripe said about its objects), compares the ledger with Stripe, seals the ledger, and
//! acknowledges alarms.
//!
//! **Owns** facts, contributions and entries; comparison with Stripe; seals; alarms.
//! **Never** changes an entry.
//! **Start at** `book_facts.rs`.
//! **Tested in** `tests/api/reconciling.rs`.

pub(super) mod acknowledge_alarm;
pub(super) mod book_facts;
pub(super) mod emit_events;
pub(super) mod rebuild;
pub(super) mod rebuild_projections;
pub(super) mod reconcile;
pub(super) mod record_command;
pub(super) mod seal_ledger;
pub(super) mod watch_ledger;

pub use acknowledge_alarm::{AcknowledgeError, AcknowledgementRequest, acknowledge_alarm};
pub use book_facts::book_facts;
pub use emit_events::{Emitter, Recording, Silent, record_events};
pub use rebuild::{RebuildError, rebuild};
pub use rebuild_projections::rebuild_projections;
pub use reconcile::{FailedList, ReconcileError, SweepStats, reconcile_due, reconcile_since};
pub use record_command::record_reconciliation;
pub use seal_ledger::seal_ledger;
pub use watch_ledger::watch_ledger;
