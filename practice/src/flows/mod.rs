//! The effects of a payment, refund, dispute or cancellation, and the events that report them.
//!
//! **Owns**: the changes of the state and the order of the events about them.
//! **Never**: reads an HTTP request or renders a page.
//! **Start at**: `checkout.rs`; `payments.rs` for what all payments have in common.
//! **Tested in**: `practice/tests/practice/flows.rs`.

pub(crate) mod balance;
pub(crate) mod billing;
pub(crate) mod calendar;
pub(crate) mod checkout;
pub(crate) mod customers;
pub(crate) mod disputes;
pub(crate) mod invoices;
pub(crate) mod pausing;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod refunds;
pub(crate) mod renewal;
pub(crate) mod reviews;
pub(crate) mod thin;
