//! Money, for people and programs: contributions, payments as a table, and what Stripe says beside what we say.
//!
//! **Owns** the routes below `/v1/contributions`, `/v1/reconciliation` and `/v1/alarms`.
//! **Never** tells an e-mail address: supporters are told by their ids.
//! **Start at** `reading.rs`.
//! **Tested in** `tests/api/money.rs`.

mod alarms;
mod export;
mod reading;
mod reconciliation;
mod shapes;

pub use alarms::{acknowledge, list_alarms};
pub use export::csv;
pub use reading::{list, read};
pub use reconciliation::compare;
