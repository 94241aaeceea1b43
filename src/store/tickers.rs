//! What tickers count.

use super::Store;
use crate::appeals::{TickerCount, Whose};

/// What came in of one currency, less what was given or taken back; fees, other currencies and payouts change nothing
/// of what readers gave.
const MONEY: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN e.debit_account = 'clearing' THEN e.amount_minor \
     ELSE -e.amount_minor END), 0) AS BIGINT) FROM ledger_entries e";
const GIVEN: &str = "e.kind IN ('payment', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal')";
/// People with a payment that was kept, each once.
const SUPPORTERS: &str = "SELECT COUNT(DISTINCT supporter_id) FROM contributions";

impl Store {
    /// One number: in the minor unit of its currency, or in supporters.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ticker_total(&self, count: &TickerCount) -> Result<i64, sqlx::Error> {
        let (sql, whose) = match (&count.whose, count.currency) {
            (Whose::Site(id), Some(_)) => (
                format!(
                    "{MONEY} WHERE {GIVEN} AND e.site = $1 AND e.occurred_at_ms >= $2 AND e.currency = $3"
                ),
                id,
            ),
            (Whose::Appeal(id), Some(_)) => {
                let join = "JOIN contributions c ON c.id = e.contribution_id";
                let such = "c.appeal = $1 AND e.occurred_at_ms >= $2 AND e.currency = $3";
                (format!("{MONEY} {join} WHERE {GIVEN} AND {such}"), id)
            }
            (Whose::Site(id), None) => {
                (format!("{SUPPORTERS} WHERE site = $1 AND last_kept_payment_at_ms >= $2"), id)
            }
            (Whose::Appeal(id), None) => {
                (format!("{SUPPORTERS} WHERE appeal = $1 AND last_kept_payment_at_ms >= $2"), id)
            }
        };
        let currency = count.currency.map(|currency| currency.code().to_owned());
        on_reader!(self, db => {
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(whose).bind(count.from_ms);
            match currency {
                Some(code) => query.bind(code).fetch_one(db).await,
                None => query.fetch_one(db).await,
            }
        })
    }
}
