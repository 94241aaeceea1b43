//! Attempts at Stripe's Checkout.

use super::{Store, StoreError, Tx};

/// One attempt of a browser.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// A hash of what was asked for.
    pub parameters: String,
    /// The gift it may become.
    pub contribution_id: String,
    /// How often Stripe was asked with a key of its own.
    pub tries: i64,
    /// The Checkout Session, once there is one.
    pub session: Option<String>,
    /// Where the reader pays, once there is a session.
    pub url: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// When its token was first handed out, in milliseconds since 1970.
    pub exchanged_at_ms: Option<i64>,
}

from_row!(Checkout { parameters, contribution_id, tries, session, url, started_at_ms, exchanged_at_ms });

/// Notes an attempt, unless it is there; either way, what is there.
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

/// Notes the session that Stripe made.
///
/// # Errors
/// The database does not answer.
pub async fn made(
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

/// Notes that Stripe stored a failure under the key of try `tries`: the next try has another.
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

/// Notes that the token was handed out; the first time stays.
///
/// # Errors
/// The database does not answer.
pub async fn exchanged(tx: &mut Tx, site: &str, attempt: &str, now_ms: i64) -> Result<i64, StoreError> {
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

/// Removes up to `limit` attempts that began before `before_ms` and of which no payment came, or is on its way; how many.
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
    /// One attempt.
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
