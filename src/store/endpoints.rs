//! Stores our webhook endpoints with their encrypted secrets, and the time of Stripe's last delivery.

use super::{Store, StoreError, Tx};
use crate::config::Mode;

/// An endpoint whose secret is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    /// Stripe's id of the endpoint (`we_…`).
    pub id: String,
    /// The mode: `live` or `test`.
    pub mode: String,
    /// The URL to which the endpoint delivers.
    pub url: String,
    /// The API version with which the endpoint was created.
    pub api_version: String,
    /// The endpoint's signing secret, encrypted, in base64url.
    pub sealed_secret: String,
    /// When the endpoint was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When a delivery's signature last matched the endpoint's secret, in milliseconds since 1970.
    pub delivered_at_ms: Option<i64>,
}

from_row!(EndpointRow { id, mode, url, api_version, sealed_secret, created_at_ms, delivered_at_ms });

/// The last contact with Stripe, by any instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastContact {
    /// When a delivery with a valid signature last arrived, in milliseconds since 1970.
    pub delivered_at_ms: Option<i64>,
    /// How far our clock was ahead of Stripe's at the last measurement, in milliseconds.
    pub clock_difference_ms: Option<i64>,
}

from_row!(LastContact { delivered_at_ms, clock_difference_ms });

/// Stores a new endpoint.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, row: &EndpointRow) -> Result<(), StoreError> {
    write_row!(tx, insert "stripe_endpoints", {
        id: &row.id,
        mode: &row.mode,
        url: &row.url,
        api_version: &row.api_version,
        sealed_secret: &row.sealed_secret,
        created_at_ms: row.created_at_ms,
    })?;
    Ok(())
}

/// Deletes an endpoint's secret, so that deliveries signed with it are no longer accepted.
///
/// # Errors
/// The database does not answer.
pub async fn retire(tx: &mut Tx, id: &str, now_ms: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_endpoints SET retired_at_ms = $2, sealed_secret = '' WHERE id = $1 AND retired_at_ms IS NULL",
    )
    .bind(id)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Records when a delivery last matched an endpoint's secret. An earlier time never replaces a later one.
///
/// # Errors
/// The database does not answer.
pub async fn record_delivery(tx: &mut Tx, id: &str, at_ms: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_endpoints SET delivered_at_ms = $2 WHERE id = $1 AND COALESCE(delivered_at_ms, 0) < $2",
    )
    .bind(id)
    .bind(at_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Records the time of Stripe's last delivery, and how far the clocks differ. An earlier time never replaces a later
/// one, and a missing value never replaces a known one.
///
/// # Errors
/// The database does not answer.
pub async fn record_contact(tx: &mut Tx, contact: &LastContact) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE stripe_contact SET \
         delivered_at_ms = CASE WHEN COALESCE(delivered_at_ms, 0) < COALESCE($1, 0) THEN $1 ELSE delivered_at_ms END, \
         clock_difference_ms = COALESCE($2, clock_difference_ms) WHERE id = 'last'",
    )
    .bind(contact.delivered_at_ms)
    .bind(contact.clock_difference_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns the endpoints of a mode whose secrets are active, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn endpoints(&self, mode: Mode) -> Result<Vec<EndpointRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, mode, url, api_version, sealed_secret, created_at_ms, delivered_at_ms \
             FROM stripe_endpoints WHERE mode = $1 AND retired_at_ms IS NULL ORDER BY created_at_ms DESC, id",
        )
        .bind(mode.as_str())
        .fetch_all(db)
        .await)
    }

    /// Returns the last contact with Stripe.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn contact(&self) -> Result<LastContact, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT delivered_at_ms, clock_difference_ms FROM stripe_contact WHERE id = 'last'",
        )
        .fetch_one(db)
        .await)
    }

    /// Whether Stripe should have sent an event about a checkout that began after `since_ms`. There should be one if
    /// the reader paid and returned before `paid_before_ms`. There should also be one if the checkout began before
    /// `begun_before_ms`, because its payment page has expired.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_event_overdue(
        &self,
        since_ms: i64,
        paid_before_ms: i64,
        begun_before_ms: i64,
    ) -> Result<bool, StoreError> {
        let overdue: i64 = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT attempt FROM checkouts WHERE started_at_ms > $1 \
             AND (exchanged_at_ms <= $2 OR (session IS NOT NULL AND started_at_ms <= $3)) LIMIT 1) AS owed",
        )
        .bind(since_ms)
        .bind(paid_before_ms)
        .bind(begun_before_ms)
        .fetch_one(db)
        .await)?;
        Ok(overdue > 0)
    }

    /// Whether an event of this mode was ever stored to be booked. Quarantined events, whose state in the database is
    /// `set_aside`, don't count.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_booked_events_of(&self, mode: Mode) -> Result<bool, StoreError> {
        let found: i64 = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT id FROM stripe_events WHERE livemode = $1 AND state <> 'set_aside' \
             LIMIT 1) AS found",
        )
        .bind(mode.as_str())
        .fetch_one(db)
        .await)?;
        Ok(found > 0)
    }
}
