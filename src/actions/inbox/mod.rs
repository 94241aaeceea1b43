//! Receives, stores and books Stripe's events.
//!
//! **Owns** storing, processing and replaying Stripe's events.
//! **Never** acknowledges an event that is not stored.
//! **Start at** `receive_stripe_event.rs`.
//! **Tested in** `tests/api/webhooks.rs`.

pub(super) mod ingest_fetched;
pub(super) mod process_event;
pub(super) mod receive_stripe_event;
pub(super) mod replay_event;
pub(super) mod requeue_unbooked;

pub use process_event::{MAX_TRIES, process_due_events, process_event, process_events_with};
pub use receive_stripe_event::{ReceiveError, Received, check_before_reading, receive_stripe_event};
pub use replay_event::replay_event;
pub use requeue_unbooked::requeue_unbooked;
