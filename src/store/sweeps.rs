//! How far what Stripe has was compared with what we know, and what was found.

use super::{Store, StoreError, Tx};

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

/// Something that a comparison found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Of what was booked, the id that it has in the inbox; of the rest, what it is and of which object.
    pub id: String,
    /// Stripe's object.
    pub object: String,
    /// Of what was booked, what it is; of the rest, what is wrong with it.
    pub what: String,
    /// What was compared.
    pub sweep: String,
    /// When it was found, in milliseconds since 1970.
    pub found_at_ms: i64,
    /// Whether it is booked: no webhook had told of it. The rest could not be taken in, or does not add up.
    pub booked: bool,
}

struct FindingRow {
    id: String,
    object: String,
    what: String,
    sweep: String,
    found_at_ms: i64,
    booked: i64,
}

from_row!(FindingRow { id, object, what, sweep, found_at_ms, booked });

impl From<FindingRow> for Finding {
    fn from(row: FindingRow) -> Self {
        let FindingRow { id, object, what, sweep, found_at_ms, booked } = row;
        Self { id, object, what, sweep, found_at_ms, booked: booked != 0 }
    }
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
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO sweeps (kind, cursor_s, claimed_until_ms, finished_at_ms, looked_at, stored) \
         VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT (kind) DO UPDATE SET \
         cursor_s = CASE WHEN sweeps.cursor_s < excluded.cursor_s THEN excluded.cursor_s ELSE sweeps.cursor_s END, \
         finished_at_ms = excluded.finished_at_ms, looked_at = excluded.looked_at, stored = excluded.stored",
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

/// Notes something that was found. False when it was noted before.
///
/// # Errors
/// The database does not answer.
pub async fn found(tx: &mut Tx, it: &Finding) -> Result<bool, StoreError> {
    let rows = write_row!(tx, insert_new "findings" by "id", {
        id: &it.id,
        object: &it.object,
        what: &it.what,
        sweep: &it.sweep,
        found_at_ms: it.found_at_ms,
        booked: i64::from(it.booked),
    })?;
    Ok(rows == 1)
}

/// Whether anything is known of this object, or by it.
///
/// # Errors
/// The database does not answer.
pub async fn is_known(tx: &mut Tx, object: &str) -> Result<bool, StoreError> {
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
    pub async fn sweeps(&self) -> Result<Vec<Sweep>, StoreError> {
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
    pub async fn findings(&self, limit: i64) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<FindingRow> = on_reader!(self, db => sqlx::query_as(
            "SELECT id, object, what, sweep, found_at_ms, booked FROM findings ORDER BY found_at_ms DESC, id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(db)
        .await)?;
        Ok(rows.into_iter().map(Finding::from).collect())
    }

    /// Whether nothing was ever stored of what Stripe said.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_without_facts(&self) -> Result<bool, StoreError> {
        let any: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM stripe_events) \
             OR EXISTS (SELECT 1 FROM stripe_objects)",
        )
        .fetch_optional(db)
        .await)?;
        Ok(any.is_none())
    }
}
