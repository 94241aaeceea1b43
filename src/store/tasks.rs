//! Stores the queue of tasks that run later, outside a transaction. Each task has its own key. A worker claims a task
//! for a limited time (the lease). After that time, another worker can claim the task.

use super::{Store, StoreError, Tx};

/// A task that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The task's key: its kind and cause.
    pub key: String,
    /// The task in JSON.
    pub payload: String,
    /// The number of tries, including the present one.
    pub attempts: i64,
}

from_row!(Claimed { key, payload, attempts });

/// A task, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The task's key: its kind and cause.
    pub key: String,
    /// The task's state: `waiting` or `dead`.
    pub state: String,
    /// The number of tries so far.
    pub attempts: i64,
    /// When the task was added, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The worker that holds the task.
    pub lease_owner: Option<String>,
    /// Why the last try failed.
    pub error: Option<String>,
}

from_row!(TaskRow { key, state, attempts, created_at_ms, lease_owner, error });

/// The numbers of tasks in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskNumbers {
    /// The number of tasks that are waiting or running.
    pub waiting: i64,
    /// The number of tasks that failed at every try.
    pub dead: i64,
    /// When the oldest waiting task was added, in milliseconds since 1970; `None` if no task is waiting.
    pub oldest_at_ms: Option<i64>,
}

struct NumbersRow {
    waiting: i64,
    dead: i64,
    oldest_at_ms: Option<i64>,
}

from_row!(NumbersRow { waiting, dead, oldest_at_ms });

/// Adds a task. If a task with this key is waiting, nothing changes. If one is dead, it is retried.
///
/// # Errors
/// See [`StoreError`].
pub async fn put(tx: &mut Tx, kind: &str, key: &str, payload: &str, now_ms: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO tasks (key, kind, payload, state, attempts, next_try_at_ms, created_at_ms) \
         VALUES ($1, $2, $3, 'waiting', 0, $4, $4) \
         ON CONFLICT (key) DO UPDATE SET state = 'waiting', attempts = 0, error = NULL, lease_owner = NULL, \
         next_try_at_ms = excluded.next_try_at_ms WHERE tasks.state = 'dead'",
    )
    .bind(key)
    .bind(kind)
    .bind(payload)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Removes a finished task. Returns false if the lease expired and another worker has the task. In that case, the
/// transaction must not be committed.
///
/// # Errors
/// See [`StoreError`].
pub async fn finish(tx: &mut Tx, key: &str, owner: &str) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, db => sqlx::query("DELETE FROM tasks WHERE key = $1 AND lease_owner = $2 AND state = 'waiting'")
        .bind(key)
        .bind(owner)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Records a failed try, ends the lease, and sets the time of the next try. Without a next try, the task is dead.
///
/// # Errors
/// See [`StoreError`].
pub async fn fail(
    tx: &mut Tx,
    key: &str,
    owner: &str,
    error: &str,
    next_try_at_ms: Option<i64>,
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE tasks SET error = $3, state = $4, next_try_at_ms = COALESCE($5, next_try_at_ms), lease_owner = NULL \
         WHERE key = $1 AND lease_owner = $2",
    )
    .bind(key)
    .bind(owner)
    .bind(error)
    .bind(if next_try_at_ms.is_some() { "waiting" } else { "dead" })
    .bind(next_try_at_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Retries a dead task, with the full number of tries. Returns false if no task with this key is dead.
///
/// # Errors
/// See [`StoreError`].
pub async fn replay(tx: &mut Tx, key: &str, now_ms: i64) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, db => sqlx::query(
        "UPDATE tasks SET state = 'waiting', attempts = 0, error = NULL, lease_owner = NULL, next_try_at_ms = $2 \
         WHERE key = $1 AND state = 'dead'",
    )
    .bind(key)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Retries every dead task of a kind. Returns the number of these tasks.
///
/// # Errors
/// See [`StoreError`].
pub async fn replay_all(tx: &mut Tx, kind: &str, now_ms: i64) -> Result<u64, StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE tasks SET state = 'waiting', attempts = 0, error = NULL, lease_owner = NULL, next_try_at_ms = $2 \
         WHERE kind = $1 AND state = 'dead'",
    )
    .bind(kind)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))
}

/// Returns the statement that claims the longest-due task. With PostgreSQL's `SKIP LOCKED`, several workers can claim
/// tasks at the same time without waiting for each other.
fn claim_sql(skip_locked: &str) -> String {
    format!(
        "UPDATE tasks SET lease_owner = $1, next_try_at_ms = $2, attempts = attempts + 1 WHERE key = ( \
           SELECT key FROM tasks WHERE kind = $3 AND state = 'waiting' AND next_try_at_ms <= $4 \
           ORDER BY next_try_at_ms, key LIMIT 1 {skip_locked} \
         ) RETURNING key, payload, attempts"
    )
}

impl Store {
    /// Claims a task of this kind for `owner`, until `until_ms`. Of the tasks that are due at `now_ms`, it is the one
    /// that has been due for the longest time. The claim immediately counts as a try, so a task that crashes its
    /// process is not tried for ever.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn claim_task(
        &self,
        kind: &str,
        owner: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        // This first query does not wait for a writer, and usually finds nothing.
        let due: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM tasks WHERE kind = $1 AND state = 'waiting' AND next_try_at_ms <= $2 LIMIT 1",
        )
        .bind(kind)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        if due.is_none() {
            return Ok(None);
        }
        let skip_locked = if self.is_on_postgres()? { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = claim_sql(skip_locked);
        on_writer!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(owner)
            .bind(until_ms)
            .bind(kind)
            .bind(now_ms)
            .fetch_optional(db)
            .await)
    }

    /// Whether the task failed at every try.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn is_task_dead(&self, key: &str) -> Result<bool, StoreError> {
        let dead: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM tasks WHERE key = $1 AND state = 'dead'",
        )
        .bind(key)
        .fetch_optional(db)
        .await)?;
        Ok(dead.is_some())
    }

    /// Returns up to `limit` tasks, the longest due first. If a state is given, only tasks in that state are
    /// returned.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn tasks(&self, state: Option<&str>, limit: i64) -> Result<Vec<TaskRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT key, state, attempts, created_at_ms, lease_owner, error FROM tasks \
             WHERE state = COALESCE($1, state) ORDER BY next_try_at_ms, key LIMIT $2",
        )
        .bind(state)
        .bind(limit)
        .fetch_all(db)
        .await)
    }

    /// Returns the numbers of tasks, and the time at which the oldest waiting task was added.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn task_numbers(&self) -> Result<TaskNumbers, StoreError> {
        let row: NumbersRow = on_reader!(self, db => sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting, \
             CAST(COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0) AS BIGINT) AS dead, \
             MIN(CASE WHEN state = 'waiting' THEN created_at_ms END) AS oldest_at_ms FROM tasks",
        )
        .fetch_one(db)
        .await)?;
        Ok(TaskNumbers { waiting: row.waiting, dead: row.dead, oldest_at_ms: row.oldest_at_ms })
    }
}
