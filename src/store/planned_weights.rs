//! Stores the planned split of readers between an appeal's variants, hour by hour.

use std::ops::Range;

use super::{Store, StoreError, Tx};

/// The planned split of readers in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWeights {
    /// When the hour began, in milliseconds since 1970.
    pub hour_at_ms: i64,
    /// A JSON list of variant ids with their weights.
    pub weights: String,
}

from_row!(PlannedWeights { hour_at_ms, weights });

/// The number of a variant's first views in one hour. (A first view is a reader's first view of the appeal.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourViews {
    /// When the hour began, in milliseconds since 1970.
    pub hour_at_ms: i64,
    /// The variant's id.
    pub variant: String,
    /// The number of first views.
    pub views: i64,
}

from_row!(HourViews { hour_at_ms, variant, views });

/// The number of first views that are ignored when an appeal's weights are learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredViews {
    /// The appeal's id.
    pub appeal: String,
    /// The number of ignored views in the period from which weights are learned.
    pub views: i64,
}

from_row!(IgnoredViews { appeal, views });

/// Records the split of the hour that begins at `hour_at_ms`, unless another instance already did. Deletes the splits
/// of hours that began before `keep_from_ms`.
///
/// # Errors
/// The database does not answer.
pub async fn record(
    tx: &mut Tx,
    (site, appeal): (&str, &str),
    hour_at_ms: i64,
    weights: &str,
    ignored_views: i64,
    keep_from_ms: i64,
) -> Result<(), StoreError> {
    write_row!(tx, insert_new "planned_weights" by "site, appeal, hour_at_ms", {
        site: site,
        appeal: appeal,
        hour_at_ms: hour_at_ms,
        weights: weights,
        ignored_views: ignored_views,
    })?;
    on_tx!(tx, db => sqlx::query("DELETE FROM planned_weights WHERE site = $1 AND appeal = $2 AND hour_at_ms < $3")
        .bind(site)
        .bind(appeal)
        .bind(keep_from_ms)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns the splits of the hours that begin within `at_ms` (milliseconds since 1970).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn planned_weights(
        &self,
        site: &str,
        appeal: &str,
        at_ms: Range<i64>,
    ) -> Result<Vec<PlannedWeights>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT hour_at_ms, weights FROM planned_weights \
             WHERE site = $1 AND appeal = $2 AND hour_at_ms >= $3 AND hour_at_ms < $4",
        )
        .bind(site)
        .bind(appeal)
        .bind(at_ms.start)
        .bind(at_ms.end)
        .fetch_all(db)
        .await)
    }

    /// Returns the first views of each variant per hour, for the hours that begin within `at_ms` (milliseconds since
    /// 1970).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn first_views_by_hour(
        &self,
        site: &str,
        appeal: &str,
        at_ms: Range<i64>,
    ) -> Result<Vec<HourViews>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT hour_at_ms, variant, CAST(SUM(count) AS BIGINT) AS views FROM banner_counts \
             WHERE hour_at_ms >= $1 AND hour_at_ms < $2 AND site = $3 AND appeal = $4 AND kind = 'first_view' \
             GROUP BY hour_at_ms, variant ORDER BY hour_at_ms, variant",
        )
        .bind(at_ms.start)
        .bind(at_ms.end)
        .bind(site)
        .bind(appeal)
        .fetch_all(db)
        .await)
    }

    /// Returns the appeals of a site for which some views were ignored when their weights were last learned.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ignored_views(&self, site: &str) -> Result<Vec<IgnoredViews>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT appeal, ignored_views AS views FROM planned_weights p WHERE site = $1 AND ignored_views > 0 \
             AND hour_at_ms = (SELECT MAX(hour_at_ms) FROM planned_weights q WHERE q.site = p.site AND q.appeal = p.appeal) \
             ORDER BY appeal",
        )
        .bind(site)
        .fetch_all(db)
        .await)
    }
}
