//! Stores which money on the Stripe account belongs to none of our gifts.

use serde::Serialize;

use super::unbooked::LINKED_OBJECTS;
use super::{Store, StoreError, Tx};

/// An object at Stripe that moved money and belongs to none of our gifts.
#[derive(Debug)]
pub struct OtherObject<'a> {
    /// The object's id.
    pub id: &'a str,
    /// The object's kind, in plain words.
    pub kind: &'a str,
    /// The site of another installation, if the object's metadata names one.
    pub site: Option<&'a str>,
    /// The currency's code, in capitals.
    pub currency: &'a str,
    /// The amount, in Stripe's minor unit.
    pub amount_minor: i64,
    /// When Stripe created the object, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// The total of one kind, site and currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherMoney {
    /// The kind, in plain words.
    pub kind: String,
    /// The site of another installation, if the metadata names one. `None` for objects of other software.
    pub site: Option<String>,
    /// The currency's code, in capitals.
    pub currency: String,
    /// The number of objects.
    pub count: i64,
    /// The sum of their amounts, in Stripe's minor unit.
    pub amount_minor: i64,
    /// When Stripe created the newest object, in milliseconds since 1970.
    pub newest_at_ms: i64,
}

from_row!(OtherMoney { kind, site, currency, count, amount_minor, newest_at_ms });

/// Stores an object in its current state.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, object: &OtherObject<'_>) -> Result<(), StoreError> {
    write_row!(tx, upsert "other_money" by "object_id", {
        object_id: object.id,
        kind: object.kind,
        site: object.site,
        currency: object.currency,
        amount_minor: object.amount_minor,
        created_at_ms: object.created_at_ms,
    })?;
    Ok(())
}

/// Deletes the row of an object that turned out to be ours, or that did not move money after all.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, object: &str) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("DELETE FROM other_money WHERE object_id = $1")
        .bind(object)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Returns what is stored about an object: kind, site, currency and amount.
///
/// # Errors
/// The database does not answer.
pub async fn stored(
    tx: &mut Tx,
    object: &str,
) -> Result<Option<(String, Option<String>, String, i64)>, StoreError> {
    on_tx!(tx, db => sqlx::query_as("SELECT kind, site, currency, amount_minor FROM other_money WHERE object_id = $1")
        .bind(object)
        .fetch_optional(db)
        .await)
}

/// Deletes the rows of all objects that are linked to this gift, which is one of ours.
///
/// # Errors
/// The database does not answer.
pub async fn forget_linked(tx: &mut Tx, gift: &str) -> Result<(), StoreError> {
    let sql = format!(
        "{LINKED_OBJECTS} SELECT object_id FROM gift CROSS JOIN other_money WHERE object_id = gift.id"
    );
    let objects: Vec<String> = on_tx!(tx, db => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(gift)
        .fetch_all(db)
        .await)?;
    for object in &objects {
        forget(tx, object).await?;
    }
    Ok(())
}

/// Returns the site of the other installation's gift to which an object is linked.
///
/// # Errors
/// The database does not answer.
pub async fn other_site(tx: &mut Tx, object: &str) -> Result<Option<String>, StoreError> {
    let sql = format!(
        "{LINKED_OBJECTS} SELECT site FROM gift CROSS JOIN other_gifts WHERE contribution_id = gift.id ORDER BY site LIMIT 1"
    );
    on_tx!(tx, db => sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(object).fetch_optional(db).await)
}

impl Store {
    /// Returns all totals, by kind, site and currency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn other_money(&self) -> Result<Vec<OtherMoney>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT kind, site, currency, COUNT(*) AS count, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor, \
             MAX(created_at_ms) AS newest_at_ms FROM other_money GROUP BY kind, site, currency \
             ORDER BY kind, site, currency",
        )
        .fetch_all(db)
        .await)
    }
}
