//! Stores when a supporter's standing with a site last changed. (A standing says whether and how the supporter gives,
//! such as `recurring` or `lapsed`.)

use super::ledger::{frequency, gift_summary, supporter_id};
use super::{Store, StoreError, Tx};
use crate::ids::SupporterId;
use crate::supporters::GiftSummary;

/// A standing that changed, and the contributions from which it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedStanding {
    /// The id of the supporter.
    pub supporter: SupporterId,
    /// The id of the site.
    pub site: String,
    /// When the standing changed, in milliseconds since 1970.
    pub changed_at_ms: i64,
    /// What the supporter gave to the site: the present state of each contribution.
    pub given: Vec<GiftSummary>,
}

/// Records that a standing changed at `at_ms` (milliseconds since 1970).
///
/// # Errors
/// The database does not answer.
pub async fn record_change(
    tx: &mut Tx,
    supporter: &SupporterId,
    site: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO standing_changes (supporter_id, site, changed_at_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (supporter_id, site) DO UPDATE SET changed_at_ms = excluded.changed_at_ms \
         WHERE standing_changes.changed_at_ms < excluded.changed_at_ms",
    )
    .bind(supporter.as_str())
    .bind(site)
    .bind(at_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns the newest `limit` changes since `since_ms` (milliseconds since 1970), newest first.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn standings_changed_since(
        &self,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<ChangedStanding>, StoreError> {
        let rows: Vec<ChangeRow> = on_reader!(self, db => sqlx::query_as(
            "SELECT changed.supporter_id, changed.site, changed.changed_at_ms, \
             contributions.interval, contributions.interval_count, contributions.state, \
             contributions.last_retained_payment_at_ms, contributions.paid_until_ms \
             FROM (SELECT supporter_id, site, changed_at_ms FROM standing_changes WHERE changed_at_ms >= $1 \
                   ORDER BY changed_at_ms DESC, supporter_id, site LIMIT $2) AS changed \
             LEFT JOIN contributions ON contributions.supporter_id = changed.supporter_id \
                   AND contributions.site = changed.site \
             ORDER BY changed.changed_at_ms DESC, changed.supporter_id, changed.site",
        )
        .bind(since_ms)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(db)
        .await)?;
        let mut changes: Vec<ChangedStanding> = Vec::new();
        for row in rows {
            let supporter = supporter_id(&row.supporter_id)?;
            if changes.last().is_none_or(|last| last.supporter != supporter || last.site != row.site) {
                let (site, changed_at_ms) = (row.site, row.changed_at_ms);
                changes.push(ChangedStanding { supporter, site, changed_at_ms, given: Vec::new() });
            }
            if let (Some(change), Some(interval), Some(state)) = (changes.last_mut(), row.interval, row.state)
            {
                let frequency = frequency(&interval, row.interval_count.unwrap_or(1))?;
                let (retained_at_ms, paid_until_ms) = (row.last_retained_payment_at_ms, row.paid_until_ms);
                change.given.push(gift_summary(frequency, &state, retained_at_ms, paid_until_ms)?);
            }
        }
        Ok(changes)
    }
}

struct ChangeRow {
    supporter_id: String,
    site: String,
    changed_at_ms: i64,
    interval: Option<String>,
    interval_count: Option<i64>,
    state: Option<String>,
    last_retained_payment_at_ms: Option<i64>,
    paid_until_ms: Option<i64>,
}

from_row!(ChangeRow {
    supporter_id,
    site,
    changed_at_ms,
    interval,
    interval_count,
    state,
    last_retained_payment_at_ms,
    paid_until_ms
});
