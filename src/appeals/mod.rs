//! Appeals: what the audience team writes, made ready to be decided on.
//!
//! **Owns** the appeals file's shape, the copy, and the snapshot that the banner path reads.
//! **Never** does I/O: it gets texts and gives values.
//! **Start at** [`Snapshot::build`]; what is sent is put together in `wording.rs`.
//! **Tested in** the files here, `tests/api/banner.rs`; the rules in `decision/cases/`.

mod choices;
mod copy;
mod document;
pub mod file;
mod phase;
mod problem;
mod snapshot;
mod ticker;
mod wording;

pub use choices::{Choices, FeeCoverTerms};
pub use copy::{Copy, ThanksCopy};
pub use document::Draft;
pub use phase::{Phase, phases};
pub use problem::AppealProblem;
pub use snapshot::{PublishedAppeal, PublishedVariant, Snapshot};
pub use ticker::{TickerCount, TickerShown, TickerTotals, TickerValues, Whose, WrittenTicker};
pub use wording::Content;
