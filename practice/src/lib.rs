//! The practice Stripe: a local stand-in for Stripe. It speaks Stripe's HTTP API on a loopback port and moves no money.
//!
//! **Owns**: the stand-in's state, its API, its hosted payment page, its console and its signed webhook deliveries.
//! **Never**: reaches the real Stripe, accepts a live key, listens beyond this machine, or keeps anything on disk.
//! **Start at**: `drive/mod.rs` for what tests may do, `api/mod.rs` for the HTTP API, and `flows/` for the effects of
//! an action and the events that report them.
//! **Tested in**: `practice/tests/practice/`.
#![recursion_limit = "512"]

mod api;
mod balance;
mod drive;
mod flows;
mod ids;
mod losing;
mod money;
mod objects;
mod pages;
mod refused;
mod server;
mod settings;
mod settlement;
mod state;
mod webhooks;

pub use drive::{Outcome, PaymentChoice, Payments, PracticeStripe, Renewal};
pub use losing::Loss;
pub use refused::Refused;
pub use settings::{Clock, Settings, StartError};
pub use settlement::Settlement;
pub use state::Trouble;
pub use webhooks::{Delivery, sign};

/// The API version of all objects and events. If a call names another version, only the `Stripe-Version` header of the
/// reply changes.
pub const API_VERSION: &str = "2026-09-30.endive";
