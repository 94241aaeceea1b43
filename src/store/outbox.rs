//! Stores the outbox. It contains domain events (what happened to a contribution or supporter). Each event is written
//! once and never changed.

use super::{Store, StoreError, Tx};
use crate::contributions::DomainEvent;
use crate::ids::SupporterId;

/// The state of an event when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// The event described the current state when it was written, so it is to be sent.
    Current,
    /// A later event had already superseded this one, so this one is not sent.
    Overtaken,
}

impl OutboxState {
    /// Returns the label in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Overtaken => "overtaken",
        }
    }
}

/// Writes an event. Returns false if its key exists already; the stored event is then kept.
///
/// # Errors
/// See [`StoreError`].
pub async fn put(tx: &mut Tx, event: &DomainEvent, now_ms: i64) -> Result<bool, StoreError> {
    let state = if event.overtaken { OutboxState::Overtaken } else { OutboxState::Current };
    let payload = match event.money {
        Some(money) => serde_json::json!({
            "amount_minor": money.amount_minor,
            "currency": money.currency.code(),
        }),
        None => serde_json::json!({}),
    };
    let rows = on_tx!(tx, db => sqlx::query(
        "INSERT INTO outbox (key, seq, kind, cause, contribution_id, supporter_id, site, occurred_at_ms, created_at_ms, \
         payload, state) \
         VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM outbox), $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(event.key())
    .bind(event.kind.as_str())
    .bind(&event.cause)
    .bind(event.contribution.as_str())
    .bind(event.supporter.as_ref().map(SupporterId::as_str))
    .bind(&event.site)
    .bind(event.occurred_at_ms)
    .bind(now_ms)
    .bind(payload.to_string())
    .bind(state.as_str())
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxRow {
    /// The kind and cause of the event, which together identify it.
    pub key: String,
    /// The kind of event: what happened.
    pub kind: String,
    /// The id of the contribution.
    pub contribution_id: String,
    /// The id of the supporter, if known.
    pub supporter_id: Option<String>,
    /// The id of the site.
    pub site: String,
    /// When the event happened, in milliseconds since 1970.
    pub occurred_at_ms: i64,
    /// Amounts in JSON, without personal data.
    pub payload: String,
    /// The label of an [`OutboxState`].
    pub state: String,
}

from_row!(OutboxRow { key, kind, contribution_id, supporter_id, site, occurred_at_ms, payload, state });

impl Store {
    /// Returns up to `limit` events after a sequence number, in the order in which they were written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn outbox(&self, after_seq: i64, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT key, kind, contribution_id, supporter_id, site, occurred_at_ms, payload, state FROM outbox \
             WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(after_seq)
        .bind(limit)
        .fetch_all(db)
        .await)
    }
}
