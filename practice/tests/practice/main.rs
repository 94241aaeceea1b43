//! Tests the practice Stripe as its users see it: over HTTP and through the Rust type `PracticeStripe`.
//!
//! **Owns**: the tests of the behaviour that the demo and the service's own tests rely on.
//! **Never**: looks inside the crate, or waits for time to pass.
//! **Start at**: `helpers.rs`, then `flows.rs`.
//! **Tested in**: here.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first missing value")]

mod api;
mod balance;
mod claims;
mod customers;
mod endpoints;
mod flows;
mod helpers;
mod idempotency;
mod invoices;
mod losses;
mod pages;
mod pauses;
mod payouts;
mod start;
mod subscriptions;
mod thin;
mod trouble;
mod webhooks;
