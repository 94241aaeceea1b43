//! Contains operations that tests and benchmarks need and the product does not. They require the feature
//! `test-support`.

use std::any::Any;

use super::dialect::{self, Pools};
use super::inbox::EventRow;
use super::ledger::{CONTRIBUTION, ContributionRow, EntryRow};
use super::results::{HOURLY_COUNTS, HOURLY_GIFTS, HOURLY_MONEY};
use super::{Store, StoreError};
use crate::contributions::{Contribution, Entry};

impl Store {
    /// The queries for results: money, gifts, and counts.
    pub const RESULT_QUERIES: [&str; 3] = [HOURLY_MONEY, HOURLY_GIFTS, HOURLY_COUNTS];

    /// Runs one statement. Returns the number of rows that it changed.
    ///
    /// # Errors
    /// The database rejects the statement, or does not answer.
    pub async fn run_sql(&self, sql: &str) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let statement = sqlx::AssertSqlSafe(sql.to_owned());
        let rows =
            on_tx!(&mut tx, db => sqlx::query(statement).execute(db).await.map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Returns the first column of the rows that a statement finds, as text.
    ///
    /// # Errors
    /// See [`Store::run_sql`].
    pub async fn read_sql(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut tx = self.begin().await?;
        let statement = sqlx::AssertSqlSafe(sql.to_owned());
        on_tx!(&mut tx, db => sqlx::query_scalar(statement).fetch_all(db).await)
    }

    /// Borrows every connection that reads, so that the database seems not to answer. The connections are returned
    /// when the result is dropped.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hold_readers(&self) -> Result<Vec<Box<dyn Any + Send>>, StoreError> {
        let mut held: Vec<Box<dyn Any + Send>> = Vec::new();
        match self.pools()? {
            Pools::Sqlite { reader, .. } => {
                for _ in 0..reader.size() {
                    held.push(Box::new(reader.acquire(dialect::READ_TIMEOUT).await?));
                }
            }
            Pools::Postgres { pool, .. } => {
                for _ in 0..pool.size() {
                    held.push(Box::new(pool.acquire(dialect::READ_TIMEOUT).await?));
                }
            }
        }
        Ok(held)
    }

    /// Returns every event, ordered by id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn events(&self) -> Result<Vec<EventRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, type AS kind, CASE state WHEN 'set_aside' THEN 'quarantined' ELSE state END AS state, attempts, error, outcome \
             FROM stripe_events ORDER BY id",
        )
        .fetch_all(db)
        .await)
    }

    /// Returns every contribution, ordered by id.
    ///
    /// # Errors
    /// See [`Store::contribution`].
    pub async fn contributions(&self) -> Result<Vec<Contribution>, StoreError> {
        let sql = format!("{CONTRIBUTION}{}", " ORDER BY id");
        let rows: Vec<ContributionRow> =
            on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await)?;
        rows.into_iter().map(|row| Ok(Contribution::try_from(row)?)).collect()
    }

    /// Returns every entry, ordered by cause.
    ///
    /// # Errors
    /// See [`Store::contribution`].
    pub async fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<EntryRow> = on_reader!(self, db => sqlx::query_as(
            "SELECT kind, object, contribution_id, site, currency, amount_minor, occurred_at_ms \
             FROM ledger_entries ORDER BY cause",
        )
        .fetch_all(db)
        .await)?;
        rows.into_iter().map(|row| Ok(Entry::try_from(row)?)).collect()
    }
}
