//! Reads account balances. Also reads the ledger gift by gift, for the check of the ledger. A gift is a contribution.

use std::collections::BTreeMap;

use super::ledger::{CONTRIBUTION, ContributionRow, EntryRow};
use super::pages::Cursor;
use super::payments::{PAYMENT, PaymentRow};
use super::{Store, StoreError, Tx, objects};
use crate::contributions::{Contribution, Entry, Fact, Payment};

/// Several gifts with everything that belongs to them, read from one snapshot.
#[derive(Debug)]
pub struct Gifts {
    /// The contributions, in the requested order.
    pub contributions: Vec<Contribution>,
    /// The ledger entries of these gifts, ordered by cause. (An entry's cause is its key: its kind and its Stripe
    /// object.)
    pub entries: Vec<Entry>,
    /// The payments of these gifts.
    pub payments: Vec<Payment>,
    /// The facts about these gifts (what Stripe said about each object), each with the id of the gift.
    pub facts: Vec<(String, Fact)>,
}

/// Selects the gifts between two cursors, by id. The comparison of the cursors' times is always true. It is here
/// because the statement must use every parameter.
const BY_ID: &str =
    "SELECT id FROM contributions WHERE id > $2 AND id <= $4 AND CAST($1 AS BIGINT) <= CAST($3 AS BIGINT)";
/// Selects the gifts between two cursors, by start time.
const BY_BEGIN: &str = "SELECT id FROM contributions WHERE COALESCE(started_at_ms, 0) >= $1 \
     AND COALESCE(started_at_ms, 0) <= $3 AND (COALESCE(started_at_ms, 0) > $1 OR id > $2) \
     AND (COALESCE(started_at_ms, 0) < $3 OR id <= $4)";

/// Returns up to `limit` gifts whose ids come after `after`.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn gifts_after(tx: &mut Tx, after: &str, limit: i64) -> Result<Gifts, StoreError> {
    let sql = format!("{CONTRIBUTION} WHERE id > $1 ORDER BY id LIMIT $2");
    let rows: Vec<ContributionRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await)?;
    let cursor = |id: &str| Cursor { at_ms: 0, id: id.to_owned() };
    let last = rows.last().map(|row| cursor(&row.id));
    load_details(tx, rows, BY_ID, &cursor(after), last).await
}

/// Returns up to `limit` gifts after a cursor, in the order in which they began. Gifts of the same day are stored
/// close together, so this order is much faster in a large database than the order of the random ids.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn gifts_begun_after(tx: &mut Tx, after: Option<&Cursor>, limit: i64) -> Result<Gifts, StoreError> {
    let start = Cursor { at_ms: i64::MIN, id: String::new() };
    let after = after.unwrap_or(&start);
    let sql = format!(
        "{CONTRIBUTION} WHERE COALESCE(started_at_ms, 0) >= $1 AND (COALESCE(started_at_ms, 0) > $1 OR id > $2) \
         ORDER BY COALESCE(started_at_ms, 0), id LIMIT $3"
    );
    let rows: Vec<ContributionRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.at_ms)
        .bind(&after.id)
        .bind(limit)
        .fetch_all(db)
        .await)?;
    let last = rows.last().map(|row| Cursor { at_ms: row.started_at_ms.unwrap_or(0), id: row.id.clone() });
    load_details(tx, rows, BY_BEGIN, after, last).await
}

/// Reads everything that belongs to the gifts whose ids `gift_query` selects between two cursors. `rows` are the
/// contributions of these gifts.
async fn load_details(
    tx: &mut Tx,
    rows: Vec<ContributionRow>,
    gift_query: &str,
    after: &Cursor,
    last: Option<Cursor>,
) -> Result<Gifts, StoreError> {
    let contributions: Vec<Contribution> =
        rows.into_iter().map(|row| Ok(Contribution::try_from(row)?)).collect::<Result<_, StoreError>>()?;
    let Some(last) = last else {
        return Ok(Gifts { contributions, entries: vec![], payments: vec![], facts: vec![] });
    };
    let sql = format!(
        "SELECT kind, object, contribution_id, site, currency, amount_minor, occurred_at_ms FROM ledger_entries \
         WHERE contribution_id IN ({gift_query}) ORDER BY cause"
    );
    let entries: Vec<EntryRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.at_ms)
        .bind(&after.id)
        .bind(last.at_ms)
        .bind(&last.id)
        .fetch_all(db)
        .await)?;
    let sql = format!("{PAYMENT} WHERE contribution_id IN ({gift_query}) ORDER BY object");
    let payments: Vec<PaymentRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.at_ms)
        .bind(&after.id)
        .bind(last.at_ms)
        .bind(&last.id)
        .fetch_all(db)
        .await)?;
    Ok(Gifts {
        contributions,
        entries: entries
            .into_iter()
            .map(|row| Ok(Entry::try_from(row)?))
            .collect::<Result<_, StoreError>>()?,
        payments: payments
            .into_iter()
            .map(|row| Ok(Payment::try_from(row)?))
            .collect::<Result<_, StoreError>>()?,
        facts: objects::facts_of_gifts(tx, gift_query, after, &last).await?,
    })
}

impl Store {
    /// Returns the balance of each account, per site and currency: debits minus credits, in the minor unit.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn accounts(&self) -> Result<BTreeMap<(String, String, String), i64>, StoreError> {
        // This is one pass: SQLite reads the rows from an index without sorting.
        let rows: Vec<(String, String, String, String, i64)> = on_reader!(self, db => sqlx::query_as(
            "SELECT site, currency, debit_account, credit_account, CAST(SUM(amount_minor) AS BIGINT) \
             FROM ledger_entries GROUP BY site, currency, debit_account, credit_account",
        )
        .fetch_all(db)
        .await)?;
        let mut accounts = BTreeMap::new();
        for (site, code, debit, credit, minor) in rows {
            *accounts.entry((site.clone(), code.clone(), debit)).or_insert(0) += minor;
            *accounts.entry((site, code, credit)).or_insert(0) -= minor;
        }
        Ok(accounts)
    }

    /// Returns the amount that Stripe holds for each site and currency, according to the ledger, in the minor unit.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn clearing(&self) -> Result<BTreeMap<(String, String), i64>, StoreError> {
        let accounts = self.accounts().await?;
        let clearing = accounts.into_iter().filter(|((_, _, account), _)| account == "clearing");
        Ok(clearing.map(|((site, code, _), minor)| ((site, code), minor)).collect())
    }

    /// Returns up to 100 ids of gifts that Stripe's objects name but that are not stored. Known gifts of other
    /// installations are not returned.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn gifts_not_stored(&self) -> Result<Vec<String>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT DISTINCT from_id FROM stripe_links WHERE from_id LIKE 'con\\_%' ESCAPE '\\' \
             AND NOT EXISTS (SELECT 1 FROM contributions WHERE id = from_id) \
             AND NOT EXISTS (SELECT 1 FROM other_gifts WHERE contribution_id = from_id) ORDER BY from_id LIMIT 100",
        )
        .fetch_all(db)
        .await)
    }

    /// Returns the net amount of the settled payments of each site and currency, as Stripe's balance states it, in the
    /// minor unit.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn settled(&self) -> Result<BTreeMap<(String, String), i64>, StoreError> {
        let rows: Vec<(String, String, i64)> = on_reader!(self, db => sqlx::query_as(
            "SELECT site, settled_currency, CAST(SUM(net_minor) AS BIGINT) FROM payments \
             WHERE settled_currency IS NOT NULL GROUP BY site, settled_currency",
        )
        .fetch_all(db)
        .await)?;
        Ok(rows.into_iter().map(|(site, code, minor)| ((site, code), minor)).collect())
    }

    /// Returns two amounts per site and currency: what is booked but not settled, and by how much the bookings exceed
    /// the settlement.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unsettled(&self) -> Result<BTreeMap<(String, String), (i64, i64)>, StoreError> {
        let rows: Vec<(String, String, i64, i64)> = on_reader!(self, db => sqlx::query_as(
            "SELECT site, currency, CAST(SUM(unsettled_minor) AS BIGINT), CAST(SUM(discrepancy_minor) AS BIGINT) \
             FROM payments WHERE unsettled_minor <> 0 OR discrepancy_minor <> 0 GROUP BY site, currency",
        )
        .fetch_all(db)
        .await)?;
        Ok(rows
            .into_iter()
            .map(|(site, code, unsettled, discrepancy)| ((site, code), (unsettled, discrepancy)))
            .collect())
    }
}
