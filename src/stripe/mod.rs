//! Reads and calls Stripe. This is the only folder that knows Stripe's terms; it returns ours.
//!
//! **Owns** signatures, the tolerant parsing of events and objects, and calls to Stripe.
//! **Never** books anything, and never relies on one shape of an object: shapes change with every API version.
//! **Start at** [`read_event`] for incoming events, [`Gateway`] for calls.
//! **Tested in** the files here, `tests/payloads/`, `tests/api/corpus.rs`, `tests/api/generations.rs`,
//! `tests/commands/stripe.rs`.

mod balance;
mod changes;
mod charges;
mod client;
mod currencies;
mod deliveries;
mod endpoints;
mod envelope;
mod field;
mod gateway;
mod invoices;
mod lists;
mod mentions;
mod metadata;
mod objects;
mod signals;
mod signature;
mod subscriptions;
mod wanted;

pub use balance::is_payout;
pub use deliveries::{ContactUpdate, Deliveries, Secrets};
pub use endpoints::{Account, Endpoint, MadeEndpoint};
pub use envelope::{Envelope, NotAnEvent};
pub use field::BadShape;
pub use gateway::{CallError, Gateway, MadeSession, NewCheckout};
pub use lists::{List, Listed, Page};
pub use mentions::{Mentions, mentions, subject};
pub use objects::{PAYOUT_CONTENTS, Report, is_used_event, read_event, read_fetched};
pub use signature::{BadSignature, TOLERANCE_S, check_form, find_secret, verify};
pub use wanted::{API_VERSION, EVENTS, PERMISSIONS, Permission};
