//! Seals: the state of the ledger at a moment.

use super::{Store, StoreError, Tx};

/// A seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The position in the booking order up to which it holds.
    pub up_to_seq: i64,
    /// When it was created, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// The number of entries that it covers.
    pub entries: i64,
    /// SHA-256 of those entries, ordered by cause, in base64url.
    pub digest: String,
    /// HMAC-SHA256 over all of the above, in base64url.
    pub signature: String,
}

from_row!(Seal { up_to_seq, made_at_ms, entries, digest, signature });

/// The fields of an entry that a seal covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// Its natural key.
    pub cause: String,
    /// The gift.
    pub contribution_id: String,
    /// The site.
    pub site: String,
    /// The currency's code.
    pub currency: String,
    /// The account that is debited.
    pub debit_account: String,
    /// The account that is credited.
    pub credit_account: String,
    /// In the minor unit.
    pub amount_minor: i64,
    /// When it happened, in milliseconds since 1970.
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
/// The database does not answer, or another was created at the same moment.
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
    /// The last seal.
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

    /// The position of the last booked entry; 0 if there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_seq(&self) -> Result<i64, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM ledger_entries")
            .fetch_one(db)
            .await)
    }

    /// Up to `limit` entries with causes after `after`, of those booked up to a position.
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
