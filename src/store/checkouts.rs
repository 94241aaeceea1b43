//! Stores checkout attempts.

use super::{Store, StoreError, Tx};

/// A checkout attempt: one time that a reader tries to pay, identified by an id that the browser chose.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// A hash of the request's parameters.
    pub parameters: String,
    /// The id of the contribution that results if the reader pays.
    pub contribution_id: String,
    /// The number of different idempotency keys with which the session was requested from Stripe. After a failure that
    /// Stripe stored, the next request uses a new key.
    pub tries: i64,
    /// The id of the Checkout Session, once there is one.
    pub session: Option<String>,
    /// The URL of the payment page, once there is a session.
    pub url: Option<String>,
    /// When the attempt began, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// When the supporter token for this attempt was first fetched, in milliseconds since 1970.
    pub exchanged_at_ms: Option<i64>,
}

from_row!(Checkout { parameters, contribution_id, tries, session, url, started_at_ms, exchanged_at_ms });

/// Stores an attempt, unless it exists. Returns the stored attempt.
///
/// # Errors
/// The database does not answer.
pub async fn start(
    tx: &mut Tx,
    site: &str,
    attempt: &str,
    parameters: &str,
    contribution_id: &str,
    now_ms: i64,
) -> Result<Checkout, StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO checkouts (site, attempt, parameters, contribution_id, tries, started_at_ms) \
         VALUES ($1, $2, $3, $4, 1, $5) ON CONFLICT (site, attempt) DO NOTHING",
    )
    .bind(site)
    .bind(attempt)
    .bind(parameters)
    .bind(contribution_id)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    on_tx!(tx, db => sqlx::query_as(
        "SELECT parameters, contribution_id, tries, session, url, started_at_ms, exchanged_at_ms \
         FROM checkouts WHERE site = $1 AND attempt = $2",
    )
    .bind(site)
    .bind(attempt)
    .fetch_one(db)
    .await)
}

/// Stores the session that Stripe created.
///
/// # Errors
/// The database does not answer.
pub async fn store_session(
    tx: &mut Tx,
    site: &str,
    attempt: &str,
    session: &str,
    url: &str,
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("UPDATE checkouts SET session = $3, url = $4 WHERE site = $1 AND attempt = $2")
        .bind(site)
        .bind(attempt)
        .bind(session)
        .bind(url)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Adds one to the stored number of tries, unless another call has changed it from `tries`. The next request then uses
/// another idempotency key. With the present key, Stripe would only repeat the failure that it stored.
///
/// # Errors
/// The database does not answer.
pub async fn next_try(tx: &mut Tx, site: &str, attempt: &str, tries: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("UPDATE checkouts SET tries = $3 + 1 WHERE site = $1 AND attempt = $2 AND tries = $3")
        .bind(site)
        .bind(attempt)
        .bind(tries)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Records that the supporter token for an attempt was fetched. The time of the first fetch is kept and returned.
///
/// # Errors
/// The database does not answer.
pub async fn record_exchange(tx: &mut Tx, site: &str, attempt: &str, now_ms: i64) -> Result<i64, StoreError> {
    on_tx!(tx, db => sqlx::query_scalar(
        "UPDATE checkouts SET exchanged_at_ms = COALESCE(exchanged_at_ms, $3) \
         WHERE site = $1 AND attempt = $2 RETURNING exchanged_at_ms",
    )
    .bind(site)
    .bind(attempt)
    .bind(now_ms)
    .fetch_one(db)
    .await)
}

/// Deletes up to `limit` attempts that began before `before_ms`, whose token was never fetched, and that have no
/// payment, booked or pending. Returns the number of deleted attempts.
///
/// # Errors
/// The database does not answer.
pub async fn remove_unused(tx: &mut Tx, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    on_tx!(tx, db => sqlx::query(
        "DELETE FROM checkouts WHERE (site, attempt) IN (\
         SELECT site, attempt FROM checkouts AS old WHERE started_at_ms < $1 AND exchanged_at_ms IS NULL \
         AND NOT EXISTS (SELECT 1 FROM contributions WHERE contributions.id = old.contribution_id \
         AND state NOT IN ('open', 'expired', 'failed')) ORDER BY started_at_ms LIMIT $2)",
    )
    .bind(before_ms)
    .bind(i64::from(limit))
    .execute(db)
    .await.map(|done| done.rows_affected()))
}

impl Store {
    /// Returns a checkout attempt.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn checkout(&self, site: &str, attempt: &str) -> Result<Option<Checkout>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT parameters, contribution_id, tries, session, url, started_at_ms, exchanged_at_ms \
             FROM checkouts WHERE site = $1 AND attempt = $2",
        )
        .bind(site)
        .bind(attempt)
        .fetch_optional(db)
        .await)
    }
}
