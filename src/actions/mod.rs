//! Every change that we make, one file for each verb.
//!
//! **Owns** transactions: an action commits all of what it does, or nothing.
//! **Never** knows HTTP, or Stripe's shapes.
//! **Start at** the file names.
//! **Tested in** `tests/api/`.

mod acknowledge_alarm;
mod book_facts;
mod check_books;
mod choose_weights;
mod compare_with_stripe;
mod connect_stripe;
mod count_tickers;
mod count_views;
mod create_api_key;
mod edit_appeals;
mod emit_events;
mod exchange_session;
mod export_payments;
mod fetch_object;
mod flush_counts;
mod hear_of_appeals;
mod hear_of_endpoints;
mod hear_of_epochs;
mod ingest_fetched;
mod keep_last_good;
mod look_at_stripe;
mod note_deliveries;
mod open_vault;
mod outlive;
mod process_event;
mod prove_writing;
mod publish_appeals;
mod put_into_force;
mod read_results;
mod rebuild;
mod receive_stripe_event;
mod reconcile;
mod record_command;
mod remove_unused_attempts;
mod replay_event;
mod replay_task;
mod revoke_api_key;
mod rewrite_books;
mod run_tasks;
mod seal_books;
mod start;
mod start_checkout;
mod start_without_database;
mod sync_standings;
mod turn_switches;
mod watch_books;
mod watch_stripe;
mod work_again;

pub use acknowledge_alarm::{AcknowledgeError, Acknowledging, acknowledge_alarm};
pub use book_facts::book_facts;
pub use check_books::{BooksReport, SiteBalance, check_books};
pub use choose_weights::choose_weights;
pub use compare_with_stripe::{Comparison, ComparisonLine, compare_with_stripe};
pub use connect_stripe::{ConnectError, Done, connect_stripe, finish_stripe_roll, roll_stripe_secret};
pub use count_tickers::{count_tickers, ticker_totals};
pub use create_api_key::create_api_key;
pub use edit_appeals::{
    EditError, LIVE_VERSION, Precondition, Saved, apply_appeals, publish_appeal, save_appeal,
    set_appeal_aside,
};
pub use emit_events::{Emitter, Recording, Silent, record_events};
pub use exchange_session::{ExchangeError, Exchanged, exchange_session};
pub use export_payments::PaymentsExport;
pub use fetch_object::FetchObject;
pub use flush_counts::flush_counts;
pub use hear_of_appeals::{hear_of_appeals, read_appeals_in_force, read_published};
pub use hear_of_endpoints::{SealedSecret, hear_of_endpoints};
pub use hear_of_epochs::hear_of_epochs;
pub use keep_last_good::keep_last_good;
pub use look_at_stripe::{Survey, look_at_stripe, webhook_url};
pub use note_deliveries::note_deliveries;
pub use open_vault::open_vault;
pub use outlive::{Panicked, outlive};
pub use process_event::{MOST_TRIES, process_due_events, process_event, process_events_with};
pub use prove_writing::prove_writing;
pub use publish_appeals::{PublishError, publish_appeals};
pub use read_results::{
    MAX_RESULT_DAYS, MoneySums, Outcome, ResultKey, ResultsError, ResultsQuery, read_results, totals,
};
pub use rebuild::{RebuildError, rebuild};
pub use receive_stripe_event::{ReceiveError, Received, check_before_reading, receive_stripe_event};
pub use reconcile::{FailedList, ReconcileError, Swept, reconcile_due, reconcile_since};
pub use record_command::record_reconciliation;
pub use remove_unused_attempts::remove_unused_attempts;
pub use replay_event::replay_event;
pub use replay_task::replay_task;
pub use revoke_api_key::{RevokeError, revoke_api_key};
pub use rewrite_books::rewrite_books;
pub use run_tasks::{MAX_ATTEMPTS, Task, TaskError, enqueue, run_due_tasks};
pub use seal_books::{SealKey, SealState, seal_books};
pub use start::{StartError, start};
pub use start_checkout::{Checkout, CheckoutError, CheckoutRequest, start_checkout};
pub use start_without_database::reach_database;
pub use sync_standings::sync_standings;
pub use turn_switches::{SwitchError, turn_switches};
pub use watch_books::watch_books;
pub use watch_stripe::watch_stripe;
pub use work_again::work_again;
