//! Contributions, the payments export, and the comparison of Stripe with the ledger.
//!
//! **Owns** the routes below `/v1/contributions` and `/v1/reconciliation`.
//! **Never** returns an e-mail address: supporters are identified by id.
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
