//! What readers are asked.
//!
//! **Owns** versions, publications, switches, learned weights and counts, and the snapshot that answers from them.
//! **Never** lets one bad appeal stop another.
//! **Start at** `edit_appeals.rs`.
//! **Tested in** `tests/api/editing.rs`.

pub(super) mod choose_weights;
pub(super) mod count_tickers;
pub(super) mod count_views;
pub(super) mod edit_appeals;
pub(super) mod flush_counts;
pub(super) mod hear_of_appeals;
pub(super) mod publish_appeals;
pub(super) mod put_into_force;
pub(super) mod turn_switches;

pub use choose_weights::choose_weights;
pub use count_tickers::{count_tickers, ticker_totals};
pub use edit_appeals::{
    EditError, LIVE_VERSION, Precondition, Saved, apply_appeals, publish_appeal, save_appeal,
    set_appeal_aside,
};
pub use flush_counts::flush_counts;
pub use hear_of_appeals::{hear_of_appeals, read_appeals_in_force, read_published};
pub use publish_appeals::{PublishError, publish_appeals};
pub use turn_switches::{SwitchError, turn_switches};
