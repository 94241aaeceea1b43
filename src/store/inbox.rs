//! Stores the inbox: every event that Stripe delivered, and every object that we fetched from Stripe. A fetched object
//! is stored in the form of an event.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use super::{InsertConn, Store, StoreError, Tx};
use crate::config::Mode;

/// How long the query for due events may take. The time is short, because the worker waits for the query and repeats
/// it.
const DUE_TIMEOUT: Duration = Duration::from_secs(10);

/// A new event.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Stripe's id of the event, or our own id for a fetched object.
    pub id: &'a str,
    /// Stripe's type of the event.
    pub kind: &'a str,
    /// The API version of the event's payload; empty if the event names none.
    pub api_version: &'a str,
    /// The source of the event: Stripe's delivery, or our request.
    pub source: Source,
    /// Whether the event is from live or test mode.
    pub mode: Mode,
    /// When Stripe created the event, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the event arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The raw body.
    pub body: &'a str,
    /// The state in which the event is stored.
    pub state: EventState,
}

/// The source of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Stripe delivered the event.
    Webhook,
    /// We fetched the object.
    Fetched,
}

impl Source {
    /// Returns the label in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Fetched => "fetched",
        }
    }
}

/// The state of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventState {
    /// The event waits for the worker.
    Waiting,
    /// The event was booked, or there was nothing to book.
    Done,
    /// The event is of the wrong mode. It is stored, but never booked.
    Quarantined,
    /// Every try failed. The event needs manual review.
    Dead,
}

impl EventState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Done, Self::Quarantined, Self::Dead];

    /// Parses the public label.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.label() == text)
    }

    /// Returns the public label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            other => other.as_str(),
        }
    }

    /// Returns the label in the database. (The inbox is append-only, so a label that was renamed keeps its old name
    /// there.)
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Quarantined => "set_aside",
            Self::Dead => "dead",
        }
    }
}

/// A waiting event.
#[derive(Debug)]
pub struct Waiting {
    /// The event's id.
    pub id: String,
    /// The event's type.
    pub kind: String,
    /// When Stripe created the event, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The raw body.
    pub body: String,
    /// The number of tries so far.
    pub attempts: i64,
}

from_row!(Waiting { id, kind, created_at_ms, body, attempts });

/// One event, for display.
#[derive(Debug)]
pub struct EventRow {
    /// The event's id.
    pub id: String,
    /// The event's type.
    pub kind: String,
    /// The event's state.
    pub state: String,
    /// The number of tries so far.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The result of processing the event.
    pub outcome: Option<String>,
}

from_row!(EventRow { id, kind, state, attempts, error, outcome });

/// Binds the values of an arrival to a statement that stores it, in the order of the statement's columns.
macro_rules! bind_arrival {
    ($query:expr, $arrival:expr) => {
        $query
            .bind($arrival.id)
            .bind($arrival.kind)
            .bind($arrival.api_version)
            .bind($arrival.source.as_str())
            .bind($arrival.mode.as_str())
            .bind($arrival.created_at_ms)
            .bind($arrival.received_at_ms)
            .bind($arrival.body)
            .bind($arrival.state.as_str())
    };
}

const INSERT: &str = "INSERT INTO stripe_events (id, type, api_version, source, livemode, created_at_ms, \
         received_at_ms, body, state, next_try_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7) ON CONFLICT (id) DO NOTHING";

/// Stores an event. Returns false if its id exists already; the stored event is then kept.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, arrival: &Arrival<'_>) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, db => bind_arrival!(sqlx::query(INSERT), arrival)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The maximum number of events for one call of `insert_all`.
pub const MAX_BATCH: usize = 512;
/// The number of parameters per event in the statement of `insert_all`.
const PARAMETERS_PER_EVENT: usize = 9;

/// Returns the statement that stores up to `rows` events. The caller binds NULL to the parameters of unused rows. The
/// statement skips rows without an id.
fn insert_sql(rows: usize, is_numbered: bool) -> String {
    let parameter = |number: usize| if is_numbered { format!("${number}") } else { "?".to_owned() };
    let row = |index: usize| {
        let first = index * PARAMETERS_PER_EVENT + 1;
        let parameters = (first..first + PARAMETERS_PER_EVENT).map(parameter);
        format!("({})", parameters.collect::<Vec<_>>().join(", "))
    };
    format!(
        "INSERT INTO stripe_events (id, type, api_version, source, livemode, created_at_ms, \
         received_at_ms, body, state, next_try_at_ms) \
         SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column7 \
         FROM (VALUES {}) AS arrived WHERE column1 IS NOT NULL \
         ON CONFLICT (id) DO NOTHING RETURNING id",
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    )
}

/// Returns an event, if it is still waiting.
///
/// # Errors
/// The database does not answer.
pub async fn waiting_event(tx: &mut Tx, id: &str) -> Result<Option<Waiting>, StoreError> {
    on_tx!(tx, db => sqlx::query_as(
        "SELECT id, type AS kind, created_at_ms, body, attempts FROM stripe_events \
         WHERE id = $1 AND state = 'waiting'",
    )
    .bind(id)
    .fetch_optional(db)
    .await)
}

/// Marks an event as processed, with its result.
///
/// # Errors
/// The database does not answer.
pub async fn mark_done(tx: &mut Tx, id: &str, outcome: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_events SET state = 'done', attempts = attempts + 1, error = NULL, outcome = $2 \
         WHERE id = $1",
    )
    .bind(id)
    .bind(outcome)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Replaces the result of a processed event.
///
/// # Errors
/// The database does not answer.
pub async fn set_outcome(tx: &mut Tx, id: &str, outcome: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("UPDATE stripe_events SET outcome = $2 WHERE id = $1 AND state = 'done'")
        .bind(id)
        .bind(outcome)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Records a failed try, and the time of the next try. Without a next try, the event is dead.
///
/// # Errors
/// The database does not answer.
pub async fn record_failure(
    tx: &mut Tx,
    id: &str,
    error: &str,
    next_try_at_ms: Option<i64>,
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_events SET attempts = attempts + 1, error = $2, state = $3, \
         next_try_at_ms = COALESCE($4, next_try_at_ms) WHERE id = $1 AND state = 'waiting'",
    )
    .bind(id)
    .bind(error)
    .bind(if next_try_at_ms.is_some() { EventState::Waiting.as_str() } else { EventState::Dead.as_str() })
    .bind(next_try_at_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Puts an event back into the queue as if it had just arrived. Returns false if no event has this id, or if the event
/// is quarantined.
///
/// # Errors
/// The database does not answer.
pub async fn replay(tx: &mut Tx, id: &str, now_ms: i64) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_events SET state = 'waiting', attempts = 0, error = NULL, outcome = NULL, \
         next_try_at_ms = $2 WHERE id = $1 AND state <> 'set_aside'",
    )
    .bind(id)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

impl InsertConn {
    /// Stores events in one statement, which is its own transaction. Returns for each event whether it is new, as
    /// [`insert`] does. If two events have the same id, only the first can be new. When this returns without an error,
    /// the events are committed.
    ///
    /// On PostgreSQL, the statement does not wait for writing transactions. Waiting is unnecessary, because each row
    /// depends only on its own key, and the statement reads nothing that another transaction could change.
    ///
    /// # Errors
    /// The database does not answer, or rejects one of the events. If it rejects one, it stores none of them.
    pub async fn insert_all(&mut self, arrivals: &[Arrival<'_>]) -> Result<Vec<bool>, StoreError> {
        /// One statement for each number of rows that is a power of two, so that both databases prepare only a few
        /// statements. The first list is without numbered parameters, the second with them.
        static STATEMENTS: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
            [false, true].map(|is_numbered| {
                (0..=MAX_BATCH.ilog2()).map(|power| insert_sql(1 << power, is_numbered)).collect()
            })
        });
        if let [single] = arrivals {
            return Ok(vec![self.insert(single).await?]);
        }
        let rows = arrivals.len().next_power_of_two();
        let is_numbered = self.numbers_parameters();
        let sql: &'static str = &STATEMENTS[usize::from(is_numbered)][rows.ilog2() as usize];
        let stored: Vec<String> = on_insert_conn!(self, db => {
            let mut query = sqlx::query_scalar(sql);
            for arrival in arrivals {
                query = bind_arrival!(query, arrival);
            }
            for _ in arrivals.len()..rows {
                let (no_text, no_number) = (None::<&str>, None::<i64>);
                query = query.bind(no_text).bind(no_text).bind(no_text).bind(no_text).bind(no_text);
                query = query.bind(no_number).bind(no_number).bind(no_text).bind(no_text);
            }
            query.fetch_all(db).await
        })?;
        let mut new_ids: HashSet<&str> = stored.iter().map(String::as_str).collect();
        Ok(arrivals.iter().map(|arrival| new_ids.remove(arrival.id)).collect())
    }

    /// Stores one event. Returns whether it is new. The number of added rows shows this, and is faster to get than the
    /// added row itself.
    async fn insert(&mut self, arrival: &Arrival<'_>) -> Result<bool, StoreError> {
        let rows = on_insert_conn!(self, db => bind_arrival!(sqlx::query(INSERT), arrival)
            .execute(db)
            .await.map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }
}

impl Store {
    /// Returns the ids of up to `limit` due events, the longest due first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn due_events(&self, now_ms: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        on_reader!(self, DUE_TIMEOUT, db => sqlx::query_scalar(
            "SELECT id FROM stripe_events WHERE state = 'waiting' AND next_try_at_ms <= $1 \
             ORDER BY next_try_at_ms, received_at_ms, id LIMIT $2",
        )
        .bind(now_ms)
        .bind(limit)
        .fetch_all(db)
        .await)
    }

    /// Returns up to `limit` events, newest first. If a state is given, only events in that state are returned.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn newest_events(
        &self,
        state: Option<EventState>,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, type AS kind, CASE state WHEN 'set_aside' THEN 'quarantined' ELSE state END AS state, attempts, error, outcome \
             FROM stripe_events \
             WHERE state = COALESCE($1, state) ORDER BY received_at_ms DESC, id LIMIT $2",
        )
        .bind(state.map(EventState::as_str))
        .bind(limit)
        .fetch_all(db)
        .await)
    }

    /// Returns one event with its raw body.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn event(&self, id: &str) -> Result<Option<(EventRow, String)>, StoreError> {
        let row: Option<EventRow> = on_reader!(self, db => sqlx::query_as(
            "SELECT id, type AS kind, CASE state WHEN 'set_aside' THEN 'quarantined' ELSE state END AS state, attempts, error, outcome \
             FROM stripe_events WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(db)
        .await)?;
        let Some(row) = row else { return Ok(None) };
        let body: String = on_reader!(self, db => sqlx::query_scalar("SELECT body FROM stripe_events WHERE id = $1")
            .bind(id)
            .fetch_one(db)
            .await)?;
        Ok(Some((row, body)))
    }
}
