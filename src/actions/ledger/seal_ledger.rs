//! Seals the ledger, so that a later change of a booked entry is detected.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::reports::{SealKey, digest_of};
use crate::store::StoreError;
use crate::store::seals::{self, Seal};

/// Seals everything that is booked now.
///
/// # Errors
/// The database does not answer.
pub async fn seal_ledger(context: &Context<'_>, key: &SealKey) -> Result<Seal, StoreError> {
    let up_to_seq = context.store.last_seq().await?;
    let (entries, digest) = digest_of(context.store, up_to_seq).await?;
    let made_at_ms = context.now_ms();
    let seal = key.sign(Seal { up_to_seq, made_at_ms, entries, digest, signature: String::new() });
    let mut tx = context.change().await?;
    seals::add(&mut tx, &seal).await?;
    let change = Change::new("ledger.seal", up_to_seq.to_string()).field("entries", Value::Null, entries);
    tx.commit([change]).await?;
    Ok(seal)
}
