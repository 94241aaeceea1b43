//! Stores supporters and their epochs. A supporter's epoch is the number of their payments that were ever reversed
//! (fully refunded or disputed). A token contains the epoch that its supporter had when the token was issued. If the
//! supporter's epoch has risen since, the token is invalid (see `docs/decisions/0009-token-epochs.md`).

use super::ledger::supporter_id;
use super::{Store, StoreError, Tx};
use crate::ids::SupporterId;
use crate::supporters::{Email, GiftSummary};

const BY_EMAIL: &str = "SELECT id FROM supporters WHERE email = $1";

/// Ensures that a supporter exists, and that this Stripe customer is linked to them.
///
/// # Errors
/// The database does not answer.
pub async fn put(
    tx: &mut Tx,
    id: &SupporterId,
    email: &Email,
    customer: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    write_row!(tx, insert_new "supporters" by "id", {
        id: id.as_str(),
        email: email.as_str(),
        created_at_ms: now_ms,
    })?;
    if let Some(customer) = customer {
        write_row!(tx, upsert "supporter_customers" by "customer", {
            customer: customer,
            supporter_id: id.as_str(),
        })?;
    }
    Ok(())
}

/// Records the current email address of a gift's customer at Stripe. It replaces the previous one.
///
/// A gift's supporter is determined by the address that was given with the gift, even if the customer's address
/// changes later. The current address only helps to find the supporter.
///
/// # Errors
/// The database does not answer.
pub async fn put_customer_email(tx: &mut Tx, customer: &str, email: &Email) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO customer_emails (customer, email) \
         SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM supporter_customers WHERE customer = $1) \
         ON CONFLICT (customer) DO UPDATE SET email = excluded.email",
    )
    .bind(customer)
    .bind(email.as_str())
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Returns the supporter with this address, as the transaction sees it.
///
/// # Errors
/// The database does not answer, or contains an id that can't be read.
pub async fn by_email(tx: &mut Tx, email: &Email) -> Result<Option<SupporterId>, StoreError> {
    let id: Option<String> =
        on_tx!(tx, db => sqlx::query_scalar(BY_EMAIL).bind(email.as_str()).fetch_optional(db).await)?;
    Ok(id.as_deref().map(supporter_id).transpose()?)
}

/// Raises the supporter's epoch to the number of their reversed payments. Returns the new epoch, or `None` if the epoch
/// did not rise.
///
/// # Errors
/// The database does not answer.
pub async fn raise_epoch(tx: &mut Tx, id: &SupporterId, now_ms: i64) -> Result<Option<i64>, StoreError> {
    on_tx!(tx, db => sqlx::query_scalar(
        "UPDATE supporters SET epoch_raised_at_ms = $2, epoch = (SELECT CAST(COALESCE(SUM(reversed_payments), 0) AS BIGINT) \
           FROM contributions WHERE supporter_id = $1) \
         WHERE id = $1 AND epoch < (SELECT COALESCE(SUM(reversed_payments), 0) \
           FROM contributions WHERE supporter_id = $1) RETURNING epoch",
    )
    .bind(id.as_str())
    .bind(now_ms)
    .fetch_optional(db)
    .await)
}

impl Store {
    /// Returns the epoch of a supporter; `None` if no supporter has this id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn epoch(&self, id: &SupporterId) -> Result<Option<i64>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT epoch FROM supporters WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await)
    }

    /// Returns the supporters who gave with this address, or whose current address at Stripe is this one, ordered by
    /// id.
    ///
    /// # Errors
    /// The database does not answer, or contains an id that can't be read.
    pub async fn supporters_by_email(&self, email: &Email) -> Result<Vec<SupporterId>, StoreError> {
        let ids: Vec<String> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT id FROM supporters WHERE email = $1 UNION \
             SELECT contributions.supporter_id FROM customer_emails \
             JOIN contributions ON contributions.customer = customer_emails.customer \
             WHERE customer_emails.email = $1 AND contributions.supporter_id IS NOT NULL ORDER BY 1",
        )
        .bind(email.as_str())
        .fetch_all(db)
        .await)?;
        ids.iter().map(|id| Ok(supporter_id(id)?)).collect()
    }

    /// Returns each supporter with this address, with summaries of the supporter's contributions to one site.
    ///
    /// # Errors
    /// See [`Store::supporters_by_email`].
    pub async fn gift_summaries_by_email(
        &self,
        email: &Email,
        site: &str,
    ) -> Result<Vec<(SupporterId, Vec<GiftSummary>)>, StoreError> {
        let mut found = Vec::new();
        for supporter in self.supporters_by_email(email).await? {
            let given = self.gift_summaries(&supporter, site).await?;
            found.push((supporter, given));
        }
        Ok(found)
    }

    /// Returns every supporter with their epoch, ordered by id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn supporters(&self) -> Result<Vec<(String, i64)>, StoreError> {
        on_reader!(self, db => sqlx::query_as("SELECT id, epoch FROM supporters ORDER BY id").fetch_all(db).await)
    }

    /// Returns the supporters whose epochs were raised at or after `since_ms`, each with the epoch.
    ///
    /// # Errors
    /// The database does not answer, or contains an id that can't be read.
    pub async fn epochs_raised_since(&self, since_ms: i64) -> Result<Vec<(SupporterId, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = on_reader!(self, db => sqlx::query_as("SELECT id, epoch FROM supporters WHERE epoch_raised_at_ms >= $1")
                .bind(since_ms)
                .fetch_all(db)
                .await)?;
        rows.into_iter().map(|(id, epoch)| Ok((supporter_id(&id)?, epoch))).collect()
    }
}
