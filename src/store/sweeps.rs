//! How far what Stripe has was compared with what we know, and what was found.

use super::{Store, Tx};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepKind {
    /// Stripe's list of events.
    Events,
    /// Stripe's balance, and payouts.
    Balance,
    /// The objects themselves.
    Objects,
}

impl SweepKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Events, Self::Balance, Self::Objects];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Balance => "balance",
            Self::Objects => "objects",
        }
    }
}

/// The last time that something was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// What: `events`, `balance` or `objects`.
    pub kind: String,
    /// Everything that Stripe made before was compared, in seconds since 1970.
    pub cursor_s: i64,
    /// When it was finished, in milliseconds since 1970; none when not yet.
    pub finished_at_ms: Option<i64>,
    /// How many objects of Stripe's were looked at.
    pub looked_at: i64,
    /// How many of them told something new.
    pub stored: i64,
}

from_row!(Sweep { kind, cursor_s, finished_at_ms, looked_at, stored });

/// Something that no webhook had told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The id that it has in the inbox.
    pub id: String,
    /// Stripe's object.
    pub object: String,
    /// What it is.
    pub what: String,
    /// What was compared.
    pub sweep: String,
    /// When it was found, in milliseconds since 1970.
    pub found_at_ms: i64,
}

from_row!(Finding { id, object, what, sweep, found_at_ms });

/// Takes a comparison for oneself until `until_ms`. False when another has it.
///
/// # Errors
/// The database does not answer.
pub async fn claim(tx: &mut Tx, kind: SweepKind, now_ms: i64, until_ms: i64) -> Result<bool, sqlx::Error> {
    let rows = on_tx!(tx, db => sqlx::query(
        "INSERT INTO sweeps (kind, cursor_s, claimed_until_ms, looked_at, stored) VALUES ($1, 0, $3, 0, 0) \
         ON CONFLICT (kind) DO UPDATE SET claimed_until_ms = excluded.claimed_until_ms \
         WHERE sweeps.claimed_until_ms <= $2",
    )
    .bind(kind.as_str())
    .bind(now_ms)
    .bind(until_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Lets others compare.
///
/// # Errors
/// The database does not answer.
pub async fn release(tx: &mut Tx, kind: SweepKind) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query("UPDATE sweeps SET claimed_until_ms = 0 WHERE kind = $1")
        .bind(kind.as_str())
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Notes that all until `cursor_s` was compared. The cursor never goes back.
///
/// # Errors
/// The database does not answer.
pub async fn finish(
    tx: &mut Tx,
    kind: SweepKind,
    cursor_s: i64,
    now_ms: i64,
    (looked_at, stored): (i64, i64),
) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE sweeps SET cursor_s = CASE WHEN cursor_s < $2 THEN $2 ELSE cursor_s END, finished_at_ms = $3, \
         looked_at = $4, stored = $5 WHERE kind = $1",
    )
    .bind(kind.as_str())
    .bind(cursor_s)
    .bind(now_ms)
    .bind(looked_at)
    .bind(stored)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Notes something that was found; once.
///
/// # Errors
/// The database does not answer.
pub async fn found(tx: &mut Tx, it: &Finding) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO findings (id, object, what, sweep, found_at_ms) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(&it.id)
    .bind(&it.object)
    .bind(&it.what)
    .bind(&it.sweep)
    .bind(it.found_at_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Whether anything is known of this object, or by it.
///
/// # Errors
/// The database does not answer.
pub async fn is_known(tx: &mut Tx, object: &str) -> Result<bool, sqlx::Error> {
    let known: Option<i64> = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM stripe_links WHERE from_id = $1) \
         OR EXISTS (SELECT 1 FROM stripe_objects WHERE id = $1)",
    )
    .bind(object)
    .fetch_optional(db)
    .await)?;
    Ok(known.is_some())
}

impl Store {
    /// How far each comparison is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sweeps(&self) -> Result<Vec<Sweep>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT kind, cursor_s, finished_at_ms, looked_at, stored FROM sweeps ORDER BY kind",
        )
        .fetch_all(db)
        .await)
    }

    /// Up to `limit` findings, the newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn findings(&self, limit: i64) -> Result<Vec<Finding>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, object, what, sweep, found_at_ms FROM findings ORDER BY found_at_ms DESC, id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(db)
        .await)
    }

    /// Whether nothing was ever stored of what Stripe said.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_without_facts(&self) -> Result<bool, sqlx::Error> {
        let any: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM stripe_events) \
             OR EXISTS (SELECT 1 FROM stripe_objects)",
        )
        .fetch_optional(db)
        .await)?;
        Ok(any.is_none())
    }
}
