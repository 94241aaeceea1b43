//! Money, for people and programs: contributions, payments as a table, and what Stripe says beside what we say.
//!
//! **Owns** the routes below `/v1/contributions`, `/v1/reconciliation`, and the page `/reconciliation` of the management port.
//! **Never** tells an e-mail address: supporters are told by their ids.
//! **Start at** `reading.rs`.
//! **Tested in** `tests/api/money.rs`.

mod alarms;
mod export;
mod page;
mod reading;
mod reconciliation;
mod shapes;

pub use alarms::{acknowledge, list_alarms};
pub use export::csv;
pub use page::books_page;
pub use reading::{list, read};
pub use reconciliation::compare;
