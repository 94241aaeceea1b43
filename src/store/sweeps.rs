//! Stores how far Stripe's data was compared with the ledger, and what the comparisons found. A sweep is a comparison
//! of one kind of data.

use super::{Store, StoreError, Tx};

/// The kind of data that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepKind {
    /// Stripe's list of events.
    Events,
    /// Stripe's balance, and its payouts.
    Balance,
    /// Stripe's objects themselves.
    Objects,
}

impl SweepKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Events, Self::Balance, Self::Objects];

    /// Returns the label in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Balance => "balance",
            Self::Objects => "objects",
        }
    }
}

/// The last comparison of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The kind of comparison: `events`, `balance` or `objects`.
    pub kind: String,
    /// Everything that Stripe created before this time was compared. In seconds since 1970.
    pub cursor_s: i64,
    /// When the comparison finished, in milliseconds since 1970; `None` before the first one finished.
    pub finished_at_ms: Option<i64>,
    /// The number of Stripe's objects that were read.
    pub looked_at: i64,
    /// The number of these objects that were new or changed.
    pub stored: i64,
}

from_row!(Sweep { kind, cursor_s, finished_at_ms, looked_at, stored });

/// A finding of a comparison, which is about one of Stripe's objects.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The finding's id. If the object was booked, this is the id under which the inbox stores the object. Otherwise,
    /// this is the kind of finding and the object's id.
    pub id: String,
    /// The id of the object at Stripe.
    pub object: String,
    /// If the object was booked, the kind of object. Otherwise, what is wrong with the object.
    pub what: String,
    /// The kind of comparison.
    pub sweep: String,
    /// When the finding was made, in milliseconds since 1970.
    pub found_at_ms: i64,
    /// True if the comparison booked the object, because no webhook had reported it. False if the object could not be
    /// read or booked, or if its amounts do not add up.
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

/// Records that everything up to `cursor_s` was compared, how many objects were read, and how many of them were new or
/// changed. The cursor never moves backwards.
///
/// # Errors
/// The database does not answer.
pub async fn finish(
    tx: &mut Tx,
    kind: SweepKind,
    cursor_s: i64,
    now_ms: i64,
    (objects_read, objects_stored): (i64, i64),
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
    .bind(objects_read)
    .bind(objects_stored)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Records a finding. Returns false if it is already recorded.
///
/// # Errors
/// The database does not answer.
pub async fn record_finding(tx: &mut Tx, finding: &Finding) -> Result<bool, StoreError> {
    let rows = write_row!(tx, insert_new "findings" by "id", {
        id: &finding.id,
        object: &finding.object,
        what: &finding.what,
        sweep: &finding.sweep,
        found_at_ms: finding.found_at_ms,
        booked: i64::from(finding.booked),
    })?;
    Ok(rows == 1)
}

/// Whether this object, or an object that names it, is stored.
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
    /// Returns the progress of each kind of comparison.
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

    /// Returns up to `limit` findings, newest first.
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

    /// Whether the database still has no events and no facts. (A fact is what Stripe said about an object.)
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
