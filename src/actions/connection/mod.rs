//! The webhook endpoints at Stripe.
//!
//! **Owns** making, rolling, retiring and watching our endpoints.
//! **Never** shows a secret.
//! **Start at** `connect_stripe.rs`.
//! **Tested in** `tests/api/connection.rs`.

pub(super) mod connect_stripe;
pub(super) mod hear_of_endpoints;
pub(super) mod note_deliveries;
pub(super) mod watch_stripe;

pub use connect_stripe::{ConnectError, Done, connect_stripe, finish_stripe_roll, roll_stripe_secret};
pub use hear_of_endpoints::{SealedSecret, hear_of_endpoints};
pub use note_deliveries::note_deliveries;
pub use watch_stripe::watch_stripe;
