//! The life of a running service.
//!
//! **Owns** starting, with and without the database, and keeping several instances in step.
//! **Never** serves before it is whole, unless the database is away.
//! **Start at** `start.rs`.
//! **Tested in** `tests/api/last_good.rs`.

pub(super) mod hear_of_epochs;
pub(super) mod keep_last_good;
pub(super) mod outlive;
pub(super) mod prove_writing;
pub(super) mod start;
pub(super) mod start_without_database;
pub(super) mod sync_standings;

pub use hear_of_epochs::hear_of_epochs;
pub use keep_last_good::keep_last_good;
pub use outlive::{Panicked, outlive};
pub use prove_writing::prove_writing;
pub use start::{StartError, start};
pub use start_without_database::reach_database;
pub use sync_standings::sync_standings;
