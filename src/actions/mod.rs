//! Every change that we make, in families; one file for each verb.
//!
//! **Owns** transactions: an action commits all of what it does, with its audit row, or nothing.
//! **Never** knows HTTP, or Stripe's shapes.
//! **Start at** the families; [`crate::app::Context`] is what every change is made with.
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
    EditError, LIVE_VERSION, Precondition, PublishError, Saved, SwitchError, apply_appeals, choose_weights,
    count_tickers, flush_counts, hear_of_appeals, publish_appeal, publish_appeals, read_appeals_in_force,
    read_published, save_appeal, set_appeal_aside, ticker_totals, turn_switches,
};
pub use connection::{
    ConnectError, Done, SealedSecret, connect_stripe, finish_stripe_roll, hear_of_endpoints, note_deliveries,
    roll_stripe_secret, watch_stripe,
};
pub use giving::{
    Checkout, CheckoutError, CheckoutRequest, ExchangeError, Exchanged, exchange_session,
    remove_unused_attempts, start_checkout,
};
pub use inbox::{
    MOST_TRIES, ReceiveError, Received, check_before_reading, process_due_events, process_event,
    process_events_with, receive_stripe_event, replay_event, work_again,
};
pub use keys::{RevokeError, create_api_key, open_vault, revoke_api_key};
pub use ledger::{
    AcknowledgeError, Acknowledging, Emitter, FailedList, RebuildError, ReconcileError, Recording, Silent,
    Swept, acknowledge_alarm, book_facts, rebuild, reconcile_due, reconcile_since, record_events,
    record_reconciliation, rewrite_books, seal_books, watch_books,
};
pub use queue::{FetchObject, MAX_ATTEMPTS, Task, TaskError, enqueue, replay_task, run_due_tasks};
pub use service::{
    Panicked, StartError, hear_of_epochs, keep_last_good, outlive, prove_writing, reach_database, start,
    sync_standings,
};
