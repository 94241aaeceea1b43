//! Contains the actions: one file for each change of data, together with the reads that it needs.
//!
//! **Owns** transactions: an action commits all of its work together with its audit row, or commits nothing.
//! **Never** knows HTTP.
//! **Start at** the folders below, one for each subject. Every action that writes to the database takes a
//! [`crate::app::Context`].
//! **Tested in** `tests/api/`.

mod appeals;
mod connection;
mod giving;
mod inbox;
mod keys;
mod ledger;
mod queue;
mod service;

pub use appeals::{
    EditError, LIVE_VERSION, Precondition, PublishError, Saved, SwitchError, apply_appeals, flush_counts,
    pause_or_end, publish_appeal, publish_appeals, read_active_appeals, read_published, refresh_tickers,
    save_appeal, set_switches, sync_appeals, ticker_totals, update_weights,
};
pub use connection::{
    ConnectError, EndpointChange, EndpointSyncError, connect_stripe, finish_stripe_roll,
    record_last_delivery, roll_stripe_secret, sync_endpoints, watch_stripe,
};
pub use giving::{
    Checkout, CheckoutError, CheckoutRequest, ExchangeError, Exchanged, exchange_session,
    remove_unused_attempts, start_checkout,
};
pub use inbox::{
    MAX_TRIES, ReceiveError, Received, check_before_reading, process_due_events, process_event,
    process_events_with, receive_stripe_event, replay_event, requeue_unbooked,
};
pub use keys::{RevokeError, create_api_key, open_vault, revoke_api_key};
pub use ledger::{
    AcknowledgeError, AcknowledgementRequest, Emitter, FailedList, RebuildError, ReconcileError, Recording,
    Silent, SweepStats, acknowledge_alarm, book_facts, rebuild, rebuild_projections, reconcile_due,
    reconcile_since, record_events, record_reconciliation, seal_ledger, watch_ledger,
};
pub use queue::{FetchObject, MAX_ATTEMPTS, Task, TaskError, enqueue, replay_task, run_due_tasks};
pub use service::{
    Panicked, StartError, catch_panic, persist_snapshot, probe_writes, reach_database, start, sync_epochs,
    sync_standings,
};
