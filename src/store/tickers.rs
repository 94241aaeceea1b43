//! Adds up what tickers count. A ticker is a total that an appeal's text shows, such as the amount given this month.

use super::{Store, StoreError};
use crate::appeals::{TickerCount, TickerScope};

/// Adds up what readers gave in one currency: the payments since the ticker's start, minus the refunds and disputes of
/// these payments, whenever those happened. Reversals of older payments do not count.
const MONEY: &str = "SELECT CAST(COALESCE(SUM(p.amount_minor - p.refunded_minor - p.disputed_minor), 0) AS BIGINT) FROM payments p";
/// Counts the people who have at least one retained payment (not fully refunded or disputed). Each person counts
/// once.
const SUPPORTERS: &str = "SELECT COUNT(DISTINCT supporter_id) FROM contributions";

impl Store {
    /// Returns one total: an amount in the currency's minor unit, or a number of supporters.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ticker_total(&self, count: &TickerCount) -> Result<i64, StoreError> {
        let (sql, scope_id) = match (&count.whose, count.currency) {
            (TickerScope::Site(id), Some(_)) => {
                (format!("{MONEY} WHERE p.site = $1 AND p.paid_at_ms >= $2 AND p.currency = $3"), id)
            }
            (TickerScope::Appeal(id), Some(_)) => {
                let join = "JOIN contributions c ON c.id = p.contribution_id";
                let condition = "c.appeal = $1 AND p.paid_at_ms >= $2 AND p.currency = $3";
                (format!("{MONEY} {join} WHERE {condition}"), id)
            }
            (TickerScope::Site(id), None) => {
                (format!("{SUPPORTERS} WHERE site = $1 AND last_retained_payment_at_ms >= $2"), id)
            }
            (TickerScope::Appeal(id), None) => {
                (format!("{SUPPORTERS} WHERE appeal = $1 AND last_retained_payment_at_ms >= $2"), id)
            }
        };
        let currency = count.currency.map(|currency| currency.code().to_owned());
        on_reader!(self, db => {
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(scope_id).bind(count.from_ms);
            match currency {
                Some(code) => query.bind(code).fetch_one(db).await,
                None => query.fetch_one(db).await,
            }
        })
    }
}
