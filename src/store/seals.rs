//! Seals: what the books were at a moment.

use super::{Store, StoreError, Tx};

/// A seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The place in the order of booking up to which it holds.
    pub up_to_seq: i64,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// How many entries it holds.
    pub entries: i64,
    /// SHA-256 of those entries in the order of their causes, in base64url.
    pub digest: String,
    /// HMAC-SHA256 over all of the above, in base64url.
    pub signature: String,
}

from_row!(Seal { up_to_seq, made_at_ms, entries, digest, signature });

/// What a seal holds of one entry.
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

/// Keeps a seal.
///
/// # Errors
/// The database does not answer, or another was made at the same moment.
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
    /// The last seal that was made.
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

    /// The place of the entry that was booked last; 0 while there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_seq(&self) -> Result<i64, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM ledger_entries")
            .fetch_one(db)
            .await)
    }

    /// Up to `limit` entries, by their causes after `after`, of those booked up to a place in their order.
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
