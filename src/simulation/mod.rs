//! Shows how often readers would see an appeal, before it is published.
//!
//! **Owns** the replay of page views on a virtual clock, populations that a file describes, and the reports on both.
//! **Never** does I/O, reads a clock, or makes decisions itself: `asking.rs` passes each question (the content of a
//! banner request) to the decision.
//! **Start at** [`Simulation`].
//! **Tested in** the files here, `tests/commands/simulate.rs`, `docs/simulating.md`.

mod articles;
mod asking;
mod chart;
mod dice;
mod memory;
mod page_view;
mod population;
mod reader;
mod replay;
mod report;
mod table;
mod tally;
#[cfg(test)]
mod tests;

pub use asking::{Answer, RuleSet, Source};
pub use chart::chart;
pub use page_view::{Line, PageView, Reaction, Support};
pub use population::{Crowd, Population};
pub use replay::{Refused, Simulation};
pub use report::Report;
pub use table::table;
