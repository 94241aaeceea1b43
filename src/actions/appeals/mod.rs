//! Stores, publishes and activates the appeals that readers see.
//!
//! **Owns** versions, publications, switches, learned weights and counts, and the snapshot that answers banner
//! requests.
//! **Never** lets one bad appeal stop another.
//! **Start at** `edit_appeals.rs`.
//! **Tested in** `tests/api/editing.rs`.

pub(super) mod activate_snapshot;
pub(super) mod count_views;
pub(super) mod edit_appeals;
pub(super) mod flush_counts;
pub(super) mod publish_appeals;
pub(super) mod refresh_tickers;
pub(super) mod set_switches;
pub(super) mod sync_appeals;
pub(super) mod update_weights;

pub use edit_appeals::{
    EditError, LIVE_VERSION, Precondition, Saved, apply_appeals, pause_or_end, publish_appeal, save_appeal,
};
pub use flush_counts::flush_counts;
pub use publish_appeals::{PublishError, publish_appeals};
pub use refresh_tickers::{refresh_tickers, ticker_totals};
pub use set_switches::{SwitchError, set_switches};
pub use sync_appeals::{read_active_appeals, read_published, sync_appeals};
pub use update_weights::update_weights;
