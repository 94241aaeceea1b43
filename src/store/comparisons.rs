//! Stores what a comparison with Stripe needs while it runs: its progress in each of Stripe's lists, and a lease. Only
//! the owner of the lease may compare. A run is one comparison, which can be interrupted and continued. The names of
//! regular runs begin with `due`.

use super::{Store, StoreError, Tx};

/// The progress of reading one of Stripe's lists.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ListProgress {
    /// The name of the list.
    pub list: String,
    /// The start of the list, in seconds since 1970. Objects that were created at or after this time are read.
    pub from_s: i64,
    /// When the reading began, in seconds since 1970.
    pub started_s: i64,
    /// The id of the last object that was read.
    pub after_id: Option<String>,
    /// Whether the list was read to its end.
    pub finished: bool,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When this row was written, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

struct Row {
    list: String,
    from_s: i64,
    started_s: i64,
    after_id: Option<String>,
    finished: String,
    error: Option<String>,
    updated_at_ms: i64,
}

from_row!(Row { list, from_s, started_s, after_id, finished, error, updated_at_ms });

impl From<Row> for ListProgress {
    fn from(row: Row) -> Self {
        let Row { list, from_s, started_s, after_id, finished, error, updated_at_ms } = row;
        Self { list, from_s, started_s, after_id, finished: finished == "yes", error, updated_at_ms }
    }
}

/// Takes or renews the lease until `until_ms`. Returns false if another owner holds it.
///
/// # Errors
/// The database does not answer.
pub async fn hold_lease(tx: &mut Tx, owner: &str, now_ms: i64, until_ms: i64) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, db => sqlx::query(
        "INSERT INTO comparison_lease (name, owner, held_until_ms) VALUES ('comparison', $1, $3) \
         ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, held_until_ms = excluded.held_until_ms \
         WHERE comparison_lease.owner = $1 OR comparison_lease.held_until_ms <= $2",
    )
    .bind(owner)
    .bind(now_ms)
    .bind(until_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Releases the lease, if this owner still has it.
///
/// # Errors
/// The database does not answer.
pub async fn release_lease(tx: &mut Tx, owner: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM comparison_lease WHERE owner = $1")
        .bind(owner)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Stores the progress of reading a list.
///
/// # Errors
/// The database does not answer.
pub async fn put_progress(tx: &mut Tx, run: &str, progress: &ListProgress) -> Result<(), StoreError> {
    write_row!(tx, upsert "comparison_lists" by "run, list", {
        run: run,
        list: &progress.list,
        from_s: progress.from_s,
        started_s: progress.started_s,
        after_id: &progress.after_id,
        finished: if progress.finished { "yes" } else { "no" },
        error: &progress.error,
        updated_at_ms: progress.updated_at_ms,
    })?;
    Ok(())
}

/// Deletes the progress of one list.
///
/// # Errors
/// The database does not answer.
pub async fn forget_progress(tx: &mut Tx, run: &str, list: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM comparison_lists WHERE run = $1 AND list = $2")
        .bind(run)
        .bind(list)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Deletes the progress of all lists whose reading began before `started_s` (seconds since 1970).
///
/// # Errors
/// The database does not answer.
pub async fn forget_progress_before(tx: &mut Tx, started_s: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM comparison_lists WHERE started_s < $1")
        .bind(started_s)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Deletes the progress of every list of a run.
///
/// # Errors
/// The database does not answer.
pub async fn forget_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM comparison_lists WHERE run = $1")
        .bind(run)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Whether progress of this run is stored, which means that the run was started and not finished.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_unfinished(&self, run: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM comparison_lists WHERE run = $1 LIMIT 1",
        )
        .bind(run)
        .fetch_optional(db)
        .await)?;
        Ok(found.is_some())
    }

    /// Returns until when the lease is held, in milliseconds since 1970; `None` if it is free.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lease_held_until_ms(&self) -> Result<Option<i64>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT held_until_ms FROM comparison_lease")
            .fetch_optional(db)
            .await)
    }

    /// Returns a run's progress in a list.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_progress(&self, run: &str, list: &str) -> Result<Option<ListProgress>, StoreError> {
        let row: Option<Row> = on_reader!(self, db => sqlx::query_as(
            "SELECT list, from_s, started_s, after_id, finished, error, updated_at_ms FROM comparison_lists \
             WHERE run = $1 AND list = $2",
        )
        .bind(run)
        .bind(list)
        .fetch_optional(db)
        .await)?;
        Ok(row.map(ListProgress::from))
    }

    /// Returns the names of a run's lists whose last read failed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn failed_lists_of(&self, run: &str) -> Result<Vec<String>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT list FROM comparison_lists WHERE run = $1 AND error IS NOT NULL ORDER BY list",
        )
        .bind(run)
        .fetch_all(db)
        .await)
    }

    /// Returns the progress of each list whose last read in a regular run failed. If this happened in several runs,
    /// only the newest is returned.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn failed_lists(&self) -> Result<Vec<ListProgress>, StoreError> {
        let rows: Vec<Row> = on_reader!(self, db => sqlx::query_as(
            "SELECT list, from_s, started_s, after_id, finished, error, updated_at_ms FROM comparison_lists \
             WHERE error IS NOT NULL AND run LIKE 'due%' ORDER BY list, updated_at_ms DESC",
        )
        .fetch_all(db)
        .await)?;
        let mut lists: Vec<ListProgress> = rows.into_iter().map(ListProgress::from).collect();
        lists.dedup_by(|older, newest| older.list == newest.list);
        Ok(lists)
    }
}
