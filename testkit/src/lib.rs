//! Shared helpers of the test suites and benchmarks.
//!
//! **Owns** a database for each test, basic settings and appeals, a practice Stripe, the program as a process, and
//! functions that wait.
//! **Never** uses the crate `keepopen`. The unit tests of `keepopen` use this crate, so `keepopen` would be compiled
//! twice.
//! **Start at** [`Database`] and [`Running`].
//! **Tested in** every suite that uses it.

#![expect(clippy::unwrap_used, reason = "a test that can't continue must stop")]

mod database;
mod running;
mod settings;
mod stripe;
mod wait;
mod wire;

pub use database::Database;
pub use running::Running;
pub use settings::{APPEALS, JOURNAL, LOOPBACK, free_address, journal, memory_folder};
pub use stripe::{STRIPE_KEY, WEBHOOK_SECRET, practice_stripe, practice_stripe_with};
pub use wait::{wait_for_listener, wait_until};
pub use wire::Wire;
