//! Stores which objects are named by events that booked nothing. The list is needed because an object that arrives
//! later can link one of these objects to a gift.

use super::{Store, StoreError, Tx};
use crate::contributions::Contribution;

/// Why an event booked nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The event's objects belong to none of our gifts.
    NotOurs,
    /// The event can't be read, and names no object of our gifts.
    Unreadable,
    /// The event belongs to one of our gifts, but this version does not know its currency.
    UnknownCurrency,
    /// Every try to process the event failed.
    Dead,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::Unreadable => "unreadable",
            Self::UnknownCurrency => "unknown_currency",
            Self::Dead => "dead",
        }
    }
}

/// The outcome of an event whose object turned out later to belong to a gift.
pub const LINKED_LATER: &str = "tied later";

/// Selects an object and everything that is linked to it.
pub(super) const LINKED_OBJECTS: &str = "WITH RECURSIVE gift (id) AS ( \
       SELECT CAST($1 AS TEXT) \
       UNION \
       SELECT stripe_links.to_id FROM gift CROSS JOIN stripe_links WHERE stripe_links.from_id = gift.id \
     )";

/// Stores the objects of an event that booked nothing.
///
/// # Errors
/// The database does not answer.
pub async fn record<'a>(
    tx: &mut Tx,
    event: &str,
    objects: impl IntoIterator<Item = &'a str>,
    reason: Reason,
) -> Result<(), StoreError> {
    for object in objects {
        write_row!(tx, upsert "unbooked_events" by "object_id, event_id", {
            object_id: object,
            event_id: event,
            reason: reason.as_str(),
        })?;
    }
    Ok(())
}

async fn forget(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM unbooked_events WHERE event_id = $1")
        .bind(event)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Whether an object belongs to a gift in this database.
///
/// # Errors
/// The database does not answer.
pub async fn is_of_a_gift(tx: &mut Tx, object: &str) -> Result<bool, StoreError> {
    let sql = format!(
        "{LINKED_OBJECTS} SELECT CAST(1 AS BIGINT) FROM gift CROSS JOIN contributions WHERE contributions.id = gift.id LIMIT 1"
    );
    let found: Option<i64> = on_tx!(tx, db => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(object)
        .fetch_optional(db)
        .await)?;
    Ok(found.is_some())
}

/// Whether a gift began at this installation. This stays true even if the gift's site is removed from the settings.
///
/// # Errors
/// The database does not answer.
pub async fn is_our_gift(tx: &mut Tx, gift: &Contribution) -> Result<bool, StoreError> {
    let found: Option<i64> = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM contributions WHERE id = $1) \
         OR EXISTS (SELECT 1 FROM checkouts WHERE site = $2 AND contribution_id = $1)",
    )
    .bind(gift.id.as_str())
    .bind(&gift.site)
    .fetch_optional(db)
    .await)?;
    Ok(found.is_some())
}

/// Records that a gift belongs to another installation.
///
/// # Errors
/// The database does not answer.
pub async fn keep_other_gift(tx: &mut Tx, gift: &Contribution) -> Result<(), StoreError> {
    write_row!(tx, upsert "other_gifts" by "contribution_id", {
        contribution_id: gift.id.as_str(),
        site: &gift.site,
    })?;
    Ok(())
}

/// Handles the earlier events about a gift's objects, after the gift was written. Marks events that booked nothing as
/// linked later, and requeues events that could not be read. Returns whether any event was requeued.
///
/// # Errors
/// The database does not answer.
pub async fn link_earlier_events(tx: &mut Tx, gift: &Contribution, now_ms: i64) -> Result<bool, StoreError> {
    let sql = format!(
        "{LINKED_OBJECTS} SELECT DISTINCT unbooked_events.event_id, unbooked_events.reason FROM gift CROSS JOIN unbooked_events \
         WHERE unbooked_events.object_id = gift.id AND unbooked_events.reason IN ('not_ours', 'unreadable')"
    );
    let events: Vec<(String, String)> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gift.id.as_str())
        .fetch_all(db)
        .await)?;
    let mut was_requeued = false;
    for (event, reason) in &events {
        if reason == Reason::Unreadable.as_str() {
            was_requeued |= requeue(tx, event, now_ms).await?;
            continue;
        }
        on_tx!(tx, db => sqlx::query("UPDATE stripe_events SET outcome = $2 WHERE id = $1 AND state = 'done'")
            .bind(event)
            .bind(LINKED_LATER)
            .execute(db)
            .await.map(|done| done.rows_affected()))?;
        forget(tx, event).await?;
    }
    super::other_money::forget_linked(tx, gift.id.as_str()).await?;
    on_tx!(tx, db => sqlx::query("DELETE FROM other_gifts WHERE contribution_id = $1")
        .bind(gift.id.as_str())
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(was_requeued)
}

/// Requeues an event. Returns false if no event has this id, or if the event is quarantined.
///
/// # Errors
/// The database does not answer.
pub async fn requeue(tx: &mut Tx, event: &str, now_ms: i64) -> Result<bool, StoreError> {
    forget(tx, event).await?;
    super::inbox::replay(tx, event, now_ms).await
}

/// When this version runs for the first time, requeues every event that an earlier version could not read or process.
/// Returns the number of requeued events, or `None` if this version ran before.
///
/// # Errors
/// The database does not answer.
pub async fn requeue_for_version(
    tx: &mut Tx,
    version: &str,
    now_ms: i64,
) -> Result<Option<usize>, StoreError> {
    let first = write_row!(tx, insert_new "program_versions" by "version", {
        version: version,
        first_started_at_ms: now_ms,
    })?;
    if first == 0 {
        return Ok(None);
    }
    let events: Vec<String> = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT id FROM stripe_events WHERE state = 'dead' \
         UNION SELECT event_id FROM unbooked_events WHERE reason IN ('unreadable', 'unknown_currency', 'dead')",
    )
    .fetch_all(db)
    .await)?;
    for event in &events {
        requeue(tx, event, now_ms).await?;
    }
    Ok(Some(events.len()))
}

/// Closes the dead events (events that failed at every try) about an object whose newest state is booked.
///
/// # Errors
/// The database does not answer.
pub async fn close_dead(tx: &mut Tx, object: &str, outcome: &str) -> Result<u64, StoreError> {
    let closed = on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_events SET state = 'done', error = NULL, outcome = $2 WHERE state = 'dead' AND id IN \
         (SELECT event_id FROM unbooked_events WHERE object_id = $1 AND reason = 'dead')",
    )
    .bind(object)
    .bind(outcome)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    on_tx!(tx, db => sqlx::query("DELETE FROM unbooked_events WHERE object_id = $1 AND reason = 'dead'")
        .bind(object)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(closed)
}

impl Store {
    /// Whether every try to process the event failed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_dead(&self, event: &str) -> Result<bool, StoreError> {
        let state: Option<String> = on_reader!(self, db => sqlx::query_scalar("SELECT state FROM stripe_events WHERE id = $1")
            .bind(event)
            .fetch_optional(db)
            .await)?;
        Ok(state.as_deref() == Some("dead"))
    }

    /// Returns the objects that dead events (events that failed at every try) are about.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn objects_of_dead_events(&self) -> Result<Vec<String>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT DISTINCT object_id FROM unbooked_events WHERE reason = 'dead'")
            .fetch_all(db)
            .await)
    }

    /// Returns the gifts that belong to another installation: their ids and their sites. These sites were not in the
    /// settings when the gifts' events arrived.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn other_gifts(&self) -> Result<Vec<(String, String)>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT contribution_id, site FROM other_gifts ORDER BY contribution_id",
        )
        .fetch_all(db)
        .await)
    }
}
