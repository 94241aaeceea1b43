//! Turns the audience team's appeals into the data that the banner path (the code that answers banner requests) reads.
//!
//! An appeal has one or more variants. Each variant has its own copy (texts), and each reader sees one of the variants.
//! An appeal shows on surfaces of a page: as a banner, inline, or as a wall. The crate `keepopen_decision` compiles and
//! applies the appeal's rules.
//!
//! **Owns** the appeals file's schema, the copy, and the snapshot that the banner path reads.
//! **Never** does I/O: it takes texts and returns values.
//! **Start at** [`Snapshot::build`]; `wording.rs` assembles the content of a response.
//! **Tested in** the files here and `tests/api/banner.rs`. The rules are tested in `decision/cases/`.

mod block;
mod choices;
mod copy;
mod document;
pub mod file;
mod learned;
mod locale;
mod message;
mod phase;
mod placeholders;
mod problem;
mod quiet_days;
mod snapshot;
mod switches;
mod ticker;
mod values;
mod wording;
mod wordings;

pub use block::Block;
pub use choices::{Choices, FeeCoverTerms};
pub use copy::{Copy, CopyText, MobileCopy, ThanksCopy};
pub use document::AppealDocument;
pub use learned::StoredWeights;
pub use phase::{Phase, phases};
pub use problem::AppealProblem;
pub use quiet_days::QuietDays;
pub use snapshot::{PublishedAppeal, PublishedVariant, Snapshot};
pub use switches::{SurfaceSwitches, SurfacesChange, Switch, Switches, SwitchesChange, apply_switches};
pub use ticker::{TickerCount, TickerScope, TickerShown, TickerTotals, WrittenTicker};
pub use values::{TemplateValues, TickerValues};
pub use wording::Content;
#[cfg(test)]
pub use wording::Wording;
