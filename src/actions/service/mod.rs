//! Starts and runs the service.
//!
//! **Owns** starting, with and without the database, and keeping the data of several instances up to date.
//! **Never** serves before everything is loaded, unless the database is down.
//! **Start at** `start.rs`.
//! **Tested in** `tests/api/last_good.rs`.

pub(super) mod catch_panic;
pub(super) mod persist_snapshot;
pub(super) mod probe_writes;
pub(super) mod start;
pub(super) mod start_without_database;
pub(super) mod sync_epochs;
pub(super) mod sync_standings;

pub use catch_panic::{Panicked, catch_panic};
pub use persist_snapshot::persist_snapshot;
pub use probe_writes::probe_writes;
pub use start::{StartError, start};
pub use start_without_database::reach_database;
pub use sync_epochs::sync_epochs;
pub use sync_standings::sync_standings;
