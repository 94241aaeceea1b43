//! Whether the database answers and writes, and what lies in the inbox that is not done.

use super::{Store, StoreError, Tx};

/// How many events are so far.
#[derive(Debug)]
pub struct InboxRows {
    /// `waiting`, `retrying` (it waits, and a try has failed), `quarantined` or `dead`.
    pub state: String,
    /// How many.
    pub events: i64,
    /// When the oldest of them came, in milliseconds since 1970.
    pub oldest_received_at_ms: i64,
}

from_row!(InboxRows { state, events, oldest_received_at_ms });

/// Writes a row that says nothing but when: committed, it proves that the database takes what is written.
///
/// # Errors
/// The database does not answer, or does not write.
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
    /// Since when the event that waits longest could have been processed, in milliseconds since 1970; none where nothing
    /// waits. An event that failed and is to be tried again later could be processed from then on. It is read
    /// from a table, so an answer means more than a connection.
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

    /// What is not done: one row for each state that an event is in. (What is
    /// done is the most, and is not looked through.)
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn inbox_rows(&self) -> Result<Vec<InboxRows>, StoreError> {
        // Two questions, so that each can be answered from a partial index.
        let mut rows: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT CASE WHEN error IS NULL THEN 'waiting' ELSE 'retrying' END AS state, \
             COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state = 'waiting' GROUP BY 1",
        )
        .fetch_all(db)
        .await)?;
        let stopped: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT CASE state WHEN 'set_aside' THEN 'quarantined' ELSE state END AS state, COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state IN ('set_aside', 'dead') GROUP BY state",
        )
        .fetch_all(db)
        .await)?;
        rows.extend(stopped);
        Ok(rows)
    }
}
