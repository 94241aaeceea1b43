//! Works through the queue: runs tasks later, outside the transaction that added them.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::actions::service::catch_panic::{Panicked, catch_panic};
use crate::app::{App, Context, MachineWrite};
use crate::clock;
use crate::store::tasks::{self, Claimed};
use crate::store::{StoreError, Tx};

/// A task that failed this many times is dead: it stays in the queue until somebody replays it.
pub const MAX_ATTEMPTS: i64 = 12;
/// The maximum wait between two tries.
const MAX_BACKOFF_MS: i64 = 3_600_000;

/// Defines one kind of task.
///
/// [`Task::perform`] has no transaction, and [`Task::commit`] calls no other service. So no transaction is ever open
/// while a task waits for another service. A task runs at least once. If the other service accepts [`Task::key`] as an
/// idempotency key, it can ensure that the effect happens only once.
pub trait Task: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of this kind in the database.
    const KIND: &'static str;
    /// How long one try may take.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// How long a claimed task is reserved for its worker. If the worker dies, another worker can claim the task after
    /// this time. It must exceed the time for one try plus its commit.
    const LEASE: Duration = Duration::from_secs(60);
    /// What [`Task::perform`] returns and [`Task::commit`] stores.
    type Done: Send;

    /// Returns the id of whatever caused the task, such as an event's id. It is unique among tasks of one kind.
    fn cause(&self) -> String;

    /// Returns the kind and the cause in one text. It is unique among all tasks.
    fn key(&self) -> String {
        format!("{}/{}", Self::KIND, self.cause())
    }

    /// Performs the task, outside any transaction.
    fn perform(&self, app: &App) -> impl Future<Output = Result<Self::Done, TaskError>> + Send;

    /// Stores the result, in the transaction that removes the task from the queue.
    fn commit(
        &self,
        app: &App,
        tx: &mut Tx,
        done: Self::Done,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Why a try failed. Operators see the message, so it never contains personal data or a secret.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Another try may succeed.
    #[error("{0}")]
    Failed(String),
    /// The task took too long.
    #[error("the task took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The stored text is not a task that this version can read.
    #[error("this version of Keepopen can't read this task")]
    Unreadable,
    /// The process ended during the last try that was allowed.
    #[error("the process ended during the last try")]
    Interrupted,
    /// The task panicked, because of a bug in the service.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// Adds a task to the queue, within the transaction that makes it necessary.
///
/// # Errors
/// See [`StoreError`].
pub async fn enqueue<T: Task>(tx: &mut Tx, task: &T, now_ms: i64) -> Result<(), StoreError> {
    let payload = serde_json::to_string(task).map_err(StoreError::corrupt)?;
    tasks::put(tx, T::KIND, &task.key(), &payload, now_ms).await
}

/// Runs every due task of one kind. Returns the number of tasks that were tried.
///
/// Several workers, in one or more processes, can do this at the same time. Each worker claims one task at a time, so
/// a worker that dies or stops delays no other task. A worker that is stopping finishes its current task.
///
/// # Errors
/// The database does not answer. An unfinished task runs again once its lease has expired.
pub async fn run_due_tasks<T: Task>(app: &App, context: &Context<'_>) -> Result<usize, StoreError> {
    let owner = String::from_utf8_lossy(&clock::request_id()).into_owned();
    let lease_ms = i64::try_from(T::LEASE.as_millis()).unwrap_or(i64::MAX);
    let mut tried = 0;
    while !app.is_stopping() {
        let now_ms = app.now_ms();
        let until_ms = now_ms.saturating_add(lease_ms);
        let Some(claimed) = app.store.claim_task(T::KIND, &owner, now_ms, until_ms).await? else { break };
        run::<T>(app, context, &claimed, &owner).await?;
        tried += 1;
    }
    Ok(tried)
}

/// Performs a claimed task, and stores its result or its error.
async fn run<T: Task>(
    app: &App,
    context: &Context<'_>,
    claimed: &Claimed,
    owner: &str,
) -> Result<(), StoreError> {
    let (task, done) = match perform::<T>(app, claimed).await {
        Ok(performed) => performed,
        Err(error) => return record_failure(app, context, claimed, owner, &error).await,
    };
    let mut tx = context.machine_write(MachineWrite::Queue).await?;
    if !tasks::finish(&mut tx, &claimed.key, owner).await? {
        // The lease has expired by now: another worker has the task and will store its result.
        tracing::warn!(task = claimed.key, "a task took longer than its lease, so another worker repeats it");
        return Ok(());
    }
    task.commit(app, &mut tx, done).await?;
    tx.commit().await
}

/// Performs a claimed task. Returns the task and its result.
async fn perform<T: Task>(app: &App, claimed: &Claimed) -> Result<(T, T::Done), TaskError> {
    // The last try was claimed before, and its process ended before it could store an outcome.
    if claimed.attempts > MAX_ATTEMPTS {
        return Err(TaskError::Interrupted);
    }
    let task: T = serde_json::from_str(&claimed.payload).map_err(|_| TaskError::Unreadable)?;
    let work = catch_panic(task.perform(app));
    let done = timeout(T::TIMEOUT, work).await.map_err(|_| TaskError::TimedOut(T::TIMEOUT))???;
    Ok((task, done))
}

/// Stores the error with the task, and when to try again.
async fn record_failure(
    app: &App,
    context: &Context<'_>,
    claimed: &Claimed,
    owner: &str,
    error: &TaskError,
) -> Result<(), StoreError> {
    let Claimed { key, attempts, .. } = claimed;
    let draw = u16::from_le_bytes(clock::random_bytes());
    let is_last = *attempts >= MAX_ATTEMPTS;
    let next_try_at_ms = (!is_last).then(|| app.now_ms().saturating_add(backoff_ms(*attempts, draw)));
    let mut tx = context.machine_write(MachineWrite::Queue).await?;
    tasks::fail(&mut tx, key, owner, &error.to_string(), next_try_at_ms).await?;
    tx.commit().await?;
    if is_last {
        tracing::error!(
            task = key,
            attempts,
            %error,
            "a task failed too often and is dead; fix the cause, then run `keepopen queue replay`"
        );
    } else {
        tracing::warn!(task = key, attempts, %error, "a task failed; it will be retried");
    }
    Ok(())
}

/// Returns the wait before the next try. The longest possible wait is 1 s, 4 s, 16 s … up to an hour. The random number
/// `draw` selects a wait between half of the longest and the longest. So tasks that failed together are not retried
/// together.
fn backoff_ms(attempts: i64, draw: u16) -> i64 {
    let exponent = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let full_ms =
        4_i64.checked_pow(exponent).map_or(MAX_BACKOFF_MS, |s| s.saturating_mul(1000).min(MAX_BACKOFF_MS));
    let half_ms = full_ms / 2;
    half_ms + half_ms * i64::from(draw) / i64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_each_try_and_is_between_half_of_its_maximum_and_its_maximum() {
        for (attempts, full_ms) in [(1, 1000), (2, 4000), (3, 16_000), (7, 3_600_000), (i64::MAX, 3_600_000)]
        {
            assert_eq!(backoff_ms(attempts, 0), full_ms / 2);
            assert_eq!(backoff_ms(attempts, u16::MAX), full_ms);
            assert!((full_ms / 2..full_ms).contains(&backoff_ms(attempts, 30_000)));
        }
    }
}
