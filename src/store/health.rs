//! Whether the database answers, and what lies in the inbox that is not done.

use super::Store;

/// How many events are so far.
#[derive(Debug)]
pub struct InboxRows {
    /// `waiting`, `retrying` (it waits, and a try has failed), `set_aside` or `dead`.
    pub state: String,
    /// How many.
    pub events: i64,
    /// When the oldest of them came, in milliseconds since 1970.
    pub oldest_received_at_ms: i64,
}

from_row!(InboxRows { state, events, oldest_received_at_ms });

impl Store {
    /// Reads from a table, so that an answer means more than a connection.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn answers(&self) -> Result<(), sqlx::Error> {
        let read: Result<i64, _> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT id FROM stripe_events LIMIT 1) AS first_event",
        )
        .fetch_one(db)
        .await);
        read.map(drop)
    }

    /// What is not done: one row for each state that an event is in. (What is
    /// done is the most, and is not looked through.)
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn inbox_rows(&self) -> Result<Vec<InboxRows>, sqlx::Error> {
        // Two questions, so that each can be answered from a partial index.
        let mut rows: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT CASE WHEN error IS NULL THEN 'waiting' ELSE 'retrying' END AS state, \
             COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state = 'waiting' GROUP BY 1",
        )
        .fetch_all(db)
        .await)?;
        let stopped: Vec<InboxRows> = on_reader!(self, db => sqlx::query_as(
            "SELECT state, COUNT(*) AS events, MIN(received_at_ms) AS oldest_received_at_ms \
             FROM stripe_events WHERE state IN ('set_aside', 'dead') GROUP BY state",
        )
        .fetch_all(db)
        .await)?;
        rows.extend(stopped);
        Ok(rows)
    }
}
