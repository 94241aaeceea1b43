//! Manages the webhook endpoints at Stripe.
//!
//! **Owns** creating, rolling, retiring and watching our endpoints.
//! **Never** shows a secret.
//! **Start at** `connect_stripe.rs`.
//! **Tested in** `tests/api/connection.rs`.

pub(super) mod connect_stripe;
pub(super) mod record_last_delivery;
pub(super) mod sync_endpoints;
pub(super) mod watch_stripe;

pub use connect_stripe::{
    ConnectError, EndpointChange, connect_stripe, finish_stripe_roll, roll_stripe_secret,
};
pub use record_last_delivery::record_last_delivery;
pub use sync_endpoints::{EndpointSyncError, sync_endpoints};
pub use watch_stripe::watch_stripe;
