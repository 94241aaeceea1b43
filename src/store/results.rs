//! Reads how often the variants of an appeal were seen, and how much they raised.

use std::ops::Range;

use super::{Store, StoreError};
use crate::money::Currency;

/// The gifts that a variant brought, and the amount that was retained (neither refunded nor disputed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantGifts {
    /// The variant's id.
    pub variant: String,
    /// The number of gifts with any retained payment.
    pub gifts: i64,
    /// The retained amount, in the currency's minor unit.
    pub total_minor: i64,
}

from_row!(VariantGifts { variant, gifts, total_minor });

/// The number of events of one kind, for a variant in an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The hour, as a number of hours since 1970.
    pub hour: i64,
    /// The appeal's id.
    pub appeal: String,
    /// The variant's id.
    pub variant: String,
    /// The kind of event: `first_view`, `later_view`, `click`, `checkout`, or `dismiss_` and the kind of dismissal.
    pub kind: String,
    /// The number of events.
    pub count: i64,
}

from_row!(HourCount { hour, appeal, variant, kind, count });

/// The number of contributions whose first payment was in this hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourGifts {
    /// The hour, as a number of hours since 1970.
    pub hour: i64,
    /// The appeal's id; `None` if no appeal brought the contributions.
    pub appeal: Option<String>,
    /// The variant's id.
    pub variant: Option<String>,
    /// The number of contributions.
    pub gifts: i64,
}

from_row!(HourGifts { hour, appeal, variant, gifts });

/// The sum of the ledger entries of one kind in an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourMoney {
    /// The hour, as a number of hours since 1970.
    pub hour: i64,
    /// The appeal's id; `None` if no appeal brought the money.
    pub appeal: Option<String>,
    /// The variant's id.
    pub variant: Option<String>,
    /// The kind of entry.
    pub kind: String,
    /// The currency's ISO 4217 code.
    pub currency: String,
    /// The sum, in the currency's minor unit.
    pub total_minor: i64,
}

from_row!(HourMoney { hour, appeal, variant, kind, currency, total_minor });

// Each of these three queries reads results by site (`$1`) and period (`$2`, `$3`). A test checks that each query uses
// an index.
pub(super) const HOURLY_COUNTS: &str = "SELECT hour_at_ms / 3600000 AS hour, appeal, variant, kind, CAST(SUM(count) AS BIGINT) AS count \
     FROM banner_counts WHERE site = $1 AND hour_at_ms >= $2 AND hour_at_ms < $3 \
     GROUP BY hour_at_ms, appeal, variant, kind";
pub(super) const HOURLY_GIFTS: &str = "SELECT first_at_ms / 3600000 AS hour, appeal, variant, CAST(COUNT(*) AS BIGINT) AS gifts FROM ( \
     SELECT c.appeal AS appeal, c.variant AS variant, MIN(e.occurred_at_ms) AS first_at_ms \
     FROM contributions c JOIN ledger_entries e ON e.contribution_id = c.id AND e.credit_account = 'contributions' \
     WHERE c.id IN (SELECT contribution_id FROM ledger_entries WHERE site = $1 \
     AND credit_account = 'contributions' AND occurred_at_ms >= $2 AND occurred_at_ms < $3) \
     GROUP BY c.id, c.appeal, c.variant) AS gift \
     WHERE first_at_ms >= $2 AND first_at_ms < $3 GROUP BY first_at_ms / 3600000, appeal, variant";
pub(super) const HOURLY_MONEY: &str = "SELECT e.occurred_at_ms / 3600000 AS hour, c.appeal AS appeal, c.variant AS variant, e.kind AS kind, \
     e.currency AS currency, CAST(SUM(e.amount_minor) AS BIGINT) AS total_minor \
     FROM ledger_entries e JOIN contributions c ON c.id = e.contribution_id \
     WHERE e.site = $1 AND e.occurred_at_ms >= $2 AND e.occurred_at_ms < $3 \
     AND e.kind NOT IN ('payout', 'payout_reversal') \
     GROUP BY e.occurred_at_ms / 3600000, c.appeal, c.variant, e.kind, e.currency";

impl Store {
    /// Returns the counts of a site's appeals in the whole hours that begin within `at_ms` (milliseconds since 1970).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hourly_counts(&self, site: &str, at_ms: Range<i64>) -> Result<Vec<HourCount>, StoreError> {
        on_reader!(self, db => sqlx::query_as(HOURLY_COUNTS)
        .bind(site)
        .bind(at_ms.start)
        .bind(at_ms.end)
        .fetch_all(db)
        .await)
    }

    /// Returns how many contributions to a site had their first payment within `at_ms` (milliseconds since 1970), per
    /// hour, appeal and variant.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hourly_gifts(&self, site: &str, at_ms: Range<i64>) -> Result<Vec<HourGifts>, StoreError> {
        on_reader!(self, db => sqlx::query_as(HOURLY_GIFTS)
        .bind(site)
        .bind(at_ms.start)
        .bind(at_ms.end)
        .fetch_all(db)
        .await)
    }

    /// Returns the sums of a site's ledger entries within `at_ms` (milliseconds since 1970), without payouts. There is
    /// one sum per hour, appeal, variant, kind and currency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hourly_money(&self, site: &str, at_ms: Range<i64>) -> Result<Vec<HourMoney>, StoreError> {
        on_reader!(self, db => sqlx::query_as(HOURLY_MONEY)
        .bind(site)
        .bind(at_ms.start)
        .bind(at_ms.end)
        .fetch_all(db)
        .await)
    }

    /// Returns the gifts in one currency that began within `at_ms` (milliseconds since 1970), per variant of an appeal.
    /// Their amount is what was retained of all their payments, including later ones.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn retained_gifts(
        &self,
        site: &str,
        appeal: &str,
        currency: Currency,
        at_ms: Range<i64>,
    ) -> Result<Vec<VariantGifts>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT variant, CAST(COUNT(*) AS BIGINT) AS gifts, CAST(SUM(kept_minor) AS BIGINT) AS total_minor FROM ( \
             SELECT c.variant AS variant, SUM(CASE WHEN e.kind IN ('payment', 'offline_payment', 'refund_reversal', 'dispute_reversal') \
             THEN e.amount_minor ELSE -e.amount_minor END) AS kept_minor \
             FROM contributions c JOIN ledger_entries e ON e.contribution_id = c.id \
             AND e.kind IN ('payment', 'payment_reversal', 'offline_payment', 'offline_payment_reversal', \
             'refund', 'refund_reversal', 'dispute', 'dispute_reversal') \
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
