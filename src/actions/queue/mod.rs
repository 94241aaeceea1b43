//! Runs work later, outside the transaction that asked for it.
//!
//! **Owns** the durable queue: its workers, and one file for each kind of task.
//! **Never** calls another service while a transaction is open.
//! **Start at** `run_tasks.rs`.
//! **Tested in** `tests/api/queue.rs`, `tests/durability/queue.rs`.

pub(super) mod fetch_object;
pub(super) mod replay_task;
pub(super) mod run_tasks;

pub use fetch_object::FetchObject;
pub use replay_task::replay_task;
pub use run_tasks::{MAX_ATTEMPTS, Task, TaskError, enqueue, run_due_tasks};
