//! What the variants of an appeal were seen for, and what they brought.

use std::ops::Range;

use super::Store;
use crate::money::Currency;

/// Readers who saw a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantViews {
    /// The variant's id.
    pub variant: String,
    /// First views: one for each reader.
    pub views: i64,
}

from_row!(VariantViews { variant, views });

/// Gifts that came of a variant, and what is kept of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantGifts {
    /// The variant's id.
    pub variant: String,
    /// Gifts of which something is kept.
    pub gifts: i64,
    /// What is kept of them, in the currency's minor unit.
    pub total_minor: i64,
}

from_row!(VariantGifts { variant, gifts, total_minor });

impl Store {
    /// First views of each variant in the whole hours that begin within `at_ms` (milliseconds since 1970).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn first_views(
        &self,
        site: &str,
        appeal: &str,
        at_ms: Range<i64>,
    ) -> Result<Vec<VariantViews>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT variant, CAST(SUM(count) AS BIGINT) AS views FROM banner_counts \
             WHERE hour_at_ms >= $1 AND hour_at_ms < $2 AND site = $3 AND appeal = $4 AND kind = 'first_view' \
             GROUP BY variant ORDER BY variant",
        )
        .bind(at_ms.start)
        .bind(at_ms.end)
        .bind(site)
        .bind(appeal)
        .fetch_all(db)
        .await)
    }

    /// Gifts in one currency that began within `at_ms` (milliseconds since 1970), and what is kept of all their payments.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn gifts_kept(
        &self,
        site: &str,
        appeal: &str,
        currency: Currency,
        at_ms: Range<i64>,
    ) -> Result<Vec<VariantGifts>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT variant, CAST(COUNT(*) AS BIGINT) AS gifts, CAST(SUM(kept_minor) AS BIGINT) AS total_minor FROM ( \
             SELECT c.variant AS variant, SUM(CASE WHEN e.debit_account = 'clearing' THEN e.amount_minor \
             ELSE -e.amount_minor END) AS kept_minor \
             FROM contributions c JOIN ledger_entries e ON e.contribution_id = c.id \
             AND e.kind IN ('payment', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal') \
             WHERE c.site = $1 AND c.appeal = $2 AND c.variant IS NOT NULL AND e.currency = $3 \
             AND c.started_at_ms >= $4 AND c.started_at_ms < $5 \
             GROUP BY c.id, c.variant) AS gift \
             WHERE kept_minor > 0 GROUP BY variant ORDER BY variant",
        )
        .bind(site)
        .bind(appeal)
        .bind(currency.code())
        .bind(at_ms.start)
        .bind(at_ms.end)
        .fetch_all(db)
        .await)
    }
}
