//! Lets readers start a payment, and fetch their supporter token.
//!
//! **Owns** checkout attempts, and the exchange of a finished one for a token.
//! **Never** knows HTTP.
//! **Start at** `start_checkout.rs`.
//! **Tested in** `tests/api/checkout.rs`.

pub(super) mod exchange_session;
pub(super) mod remove_unused_attempts;
pub(super) mod start_checkout;

pub use exchange_session::{ExchangeError, Exchanged, exchange_session};
pub use remove_unused_attempts::remove_unused_attempts;
pub use start_checkout::{Checkout, CheckoutError, CheckoutRequest, start_checkout};
