//! Checks whether the database answers and accepts writes. Counts the unfinished events.

use super::{Store, StoreError, Tx};

/// The number of events in one state.
#[derive(Debug)]
pub struct InboxRows {
    /// The state: `waiting`, `retrying` (waiting after a failed try), `quarantined` or `dead`.
    pub state: String,
    /// The number of events.
    pub events: i64,
    /// When the oldest of these events arrived, in milliseconds since 1970.
    pub oldest_received_at_ms: i64,
}

from_row!(InboxRows { state, events, oldest_received_at_ms });

/// Writes the time into a table that exists only for this check. If the transaction can then be committed, the
/// database accepts writes.
///
/// # Errors
/// The database does not answer, or does not accept writes.
pub async fn write_proof(tx: &mut Tx, now_ms: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO write_proof (id, written_at_ms) VALUES ('last', $1) \
         ON CONFLICT (id) DO UPDATE SET written_at_ms = excluded.written_at_ms",
    )
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns the earliest time at which a waiting event is due (in the past or in the future), in milliseconds since
    /// 1970. An event that failed is due at the time of its next try. Returns `None` if no event is waiting. The query
    /// reads a table, so success proves more than an open connection.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn due_since_ms(&self) -> Result<Option<i64>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT MIN(next_try_at_ms) FROM stripe_events WHERE state = 'waiting'",
        )
        .fetch_one(db)
        .await)
    }

    /// Returns the number of unfinished events, one row per state. Finished events, which are most of them, are not
    /// read.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn inbox_rows(&self) -> Result<Vec<InboxRows>, StoreError> {
        // Each of the two queries can use a partial index. One query for all states could not. In the database,
        // the state `quarantined` is named `set_aside`.
        let mut rows: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT CASE WHEN error IS NULL THEN 'waiting' ELSE 'retrying' END AS state, \
             COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state = 'waiting' GROUP BY 1",
        )
        .fetch_all(db)
        .await)?;
        let not_waiting: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT CASE state WHEN 'set_aside' THEN 'quarantined' ELSE state END AS state, COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state IN ('set_aside', 'dead') GROUP BY state",
        )
        .fetch_all(db)
        .await)?;
        rows.extend(not_waiting);
        Ok(rows)
    }
}
