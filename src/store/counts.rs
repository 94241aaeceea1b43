//! Stores the hourly counts of views, clicks, dismissals and checkouts.

use super::{Store, StoreError, Tx};

/// The key of one count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are clear; times are milliseconds since 1970")]
pub struct CountKey {
    pub hour_at_ms: i64,
    pub site: String,
    pub appeal: String,
    pub variant: String,
    pub surface: String,
    /// The reader's country, in two letters; empty if unknown.
    pub country: String,
    /// What is counted, such as `click`, or `dismiss_` and the kind of dismissal.
    pub kind: String,
}

/// Adds `count` to the count of `key`.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, key: &CountKey, count: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO banner_counts (hour_at_ms, site, appeal, variant, surface, country, kind, count) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (hour_at_ms, site, appeal, variant, surface, country, kind) \
         DO UPDATE SET count = banner_counts.count + excluded.count",
    )
    .bind(key.hour_at_ms)
    .bind(&key.site)
    .bind(&key.appeal)
    .bind(&key.variant)
    .bind(&key.surface)
    .bind(&key.country)
    .bind(&key.kind)
    .bind(count)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns all counts of a site, added up over hours, countries and surfaces: appeal, variant, kind, count.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn counts(&self, site: &str) -> Result<Vec<(String, String, String, i64)>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT appeal, variant, kind, CAST(SUM(count) AS BIGINT) FROM banner_counts \
             WHERE site = $1 GROUP BY appeal, variant, kind ORDER BY appeal, variant, kind",
        )
        .bind(site)
        .fetch_all(db)
        .await)
    }
}
