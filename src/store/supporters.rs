//! People who gave.

use super::books::supporter_id;
use super::{Store, Tx};
use crate::ids::SupporterId;
use crate::supporters::Email;

const BY_EMAIL: &str = "SELECT id FROM supporters WHERE email = $1";

/// Makes sure that a supporter is there, and that the customer at Stripe is known as theirs.
///
/// # Errors
/// The database does not answer.
pub async fn put(
    tx: &mut Tx,
    id: &SupporterId,
    email: &Email,
    customer: Option<&str>,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO supporters (id, email, created_at_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(email.as_str())
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    if let Some(customer) = customer {
        on_tx!(tx, db => sqlx::query(
            "INSERT INTO supporter_customers (customer, supporter_id) VALUES ($1, $2) \
             ON CONFLICT (customer) DO UPDATE SET supporter_id = excluded.supporter_id",
        )
        .bind(customer)
        .bind(id.as_str())
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    }
    Ok(())
}

/// Notes another address of whoever this customer is.
///
/// Who gives is told by the address that was given with the gift, whatever the customer is called later; the other
/// address only finds them. It is taken over from somebody who gave nothing.
///
/// # Errors
/// The database does not answer.
pub async fn add_email(tx: &mut Tx, customer: &str, email: &Email) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO supporter_emails (email, supporter_id) \
         SELECT $2, supporter_id FROM supporter_customers WHERE customer = $1 \
         ON CONFLICT (email) DO UPDATE SET supporter_id = excluded.supporter_id WHERE NOT EXISTS \
         (SELECT 1 FROM contributions WHERE contributions.supporter_id = supporter_emails.supporter_id)",
    )
    .bind(customer)
    .bind(email.as_str())
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Who gives under this address, within a transaction.
///
/// # Errors
/// The database does not answer, or holds an id that can't be read.
pub async fn by_email(tx: &mut Tx, email: &Email) -> Result<Option<SupporterId>, sqlx::Error> {
    let id: Option<String> =
        on_tx!(tx, db => sqlx::query_scalar(BY_EMAIL).bind(email.as_str()).fetch_optional(db).await)?;
    Ok(id.as_deref().map(supporter_id).transpose()?)
}

/// Raises the epoch to what was withdrawn from this supporter in all. The new
/// epoch when it rose: tokens made before are superseded.
///
/// # Errors
/// The database does not answer.
pub async fn raise_epoch(tx: &mut Tx, id: &SupporterId, now_ms: i64) -> Result<Option<i64>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_scalar(
        "UPDATE supporters SET epoch_raised_at_ms = $2, epoch = (SELECT CAST(COALESCE(SUM(payments_withdrawn), 0) AS BIGINT) \
           FROM contributions WHERE supporter_id = $1) \
         WHERE id = $1 AND epoch < (SELECT COALESCE(SUM(payments_withdrawn), 0) \
           FROM contributions WHERE supporter_id = $1) RETURNING epoch",
    )
    .bind(id.as_str())
    .bind(now_ms)
    .fetch_optional(db)
    .await)
}

impl Store {
    /// The epoch of a supporter; none when there is no such supporter.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn epoch(&self, id: &SupporterId) -> Result<Option<i64>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_scalar("SELECT epoch FROM supporters WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await)
    }

    /// Who gives under this address, or has it at Stripe. Somebody who gave nothing (since the gift turned out to be of
    /// another address) comes last.
    ///
    /// # Errors
    /// The database does not answer, or holds an id that can't be read.
    pub async fn supporter_by_email(&self, email: &Email) -> Result<Option<SupporterId>, sqlx::Error> {
        let id: Option<String> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COALESCE((SELECT id FROM supporters WHERE email = $1 AND EXISTS \
             (SELECT 1 FROM contributions WHERE contributions.supporter_id = supporters.id)), \
             (SELECT supporter_id FROM supporter_emails WHERE email = $1), \
             (SELECT id FROM supporters WHERE email = $1))",
        )
        .bind(email.as_str())
        .fetch_one(db)
        .await)?;
        Ok(id.as_deref().map(supporter_id).transpose()?)
    }

    /// Every supporter and epoch, in the order of their ids.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn supporters(&self) -> Result<Vec<(String, i64)>, sqlx::Error> {
        on_reader!(self, db => sqlx::query_as("SELECT id, epoch FROM supporters ORDER BY id").fetch_all(db).await)
    }

    /// Epochs raised since `since_ms`: all that a token can still be older than.
    ///
    /// # Errors
    /// The database does not answer, or holds an id that can't be read.
    pub async fn epochs_raised_since(&self, since_ms: i64) -> Result<Vec<(SupporterId, i64)>, sqlx::Error> {
        let rows: Vec<(String, i64)> = on_reader!(self, db => sqlx::query_as("SELECT id, epoch FROM supporters WHERE epoch_raised_at_ms >= $1")
                .bind(since_ms)
                .fetch_all(db)
                .await)?;
        rows.into_iter().map(|(id, epoch)| Ok((supporter_id(&id)?, epoch))).collect()
    }
}
