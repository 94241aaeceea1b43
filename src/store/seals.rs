//! Stores seals. A seal is a signed digest of the ledger's entries at a certain time.

use super::{Store, StoreError, Tx};

/// A seal of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The position in the booking order up to which entries are sealed.
    pub up_to_seq: i64,
    /// When the seal was created, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// The number of sealed entries.
    pub entries: i64,
    /// The SHA-256 of the sealed entries, ordered by cause, in base64url.
    pub digest: String,
    /// The HMAC-SHA256 of all other fields, in base64url.
    pub signature: String,
}

from_row!(Seal { up_to_seq, made_at_ms, entries, digest, signature });

/// The fields of an entry that a seal covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// The entry's cause, which identifies it.
    pub cause: String,
    /// The id of the gift.
    pub contribution_id: String,
    /// The id of the site.
    pub site: String,
    /// The currency's code.
    pub currency: String,
    /// The account that is debited.
    pub debit_account: String,
    /// The account that is credited.
    pub credit_account: String,
    /// The amount, in the minor unit.
    pub amount_minor: i64,
    /// When the booked transfer happened according to Stripe, in milliseconds since 1970.
    pub occurred_at_ms: i64,
}

from_row!(SealedEntry {
    cause,
    contribution_id,
    site,
    currency,
    debit_account,
    credit_account,
    amount_minor,
    occurred_at_ms
});

/// Stores a seal.
///
/// # Errors
/// The database does not answer, or another seal was created at the same time.
pub async fn add(tx: &mut Tx, seal: &Seal) -> Result<(), StoreError> {
    write_row!(tx, insert "seals", {
        up_to_seq: seal.up_to_seq,
        made_at_ms: seal.made_at_ms,
        entries: seal.entries,
        digest: &seal.digest,
        signature: &seal.signature,
    })?;
    Ok(())
}

impl Store {
    /// Returns the last seal.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT up_to_seq, made_at_ms, entries, digest, signature FROM seals ORDER BY made_at_ms DESC LIMIT 1",
        )
        .fetch_optional(db)
        .await)
    }

    /// Returns the position of the last booked entry; 0 if there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_seq(&self) -> Result<i64, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM ledger_entries")
            .fetch_one(db)
            .await)
    }

    /// Returns up to `limit` entries that were booked up to a position and whose causes come after `after`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn entries_to_seal(
        &self,
        up_to_seq: i64,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT cause, contribution_id, site, currency, debit_account, credit_account, amount_minor, \
             occurred_at_ms FROM ledger_entries WHERE cause > $1 AND seq <= $2 ORDER BY cause LIMIT $3",
        )
        .bind(after)
        .bind(up_to_seq)
        .bind(limit)
        .fetch_all(db)
        .await)
    }
}
