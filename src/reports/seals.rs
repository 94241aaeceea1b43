//! Creates and verifies seals, which are signed digests of the booked entries.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::keys::{MacKey, Sha256, Vault};
use crate::store::seals::{Seal, SealedEntry};
use crate::store::{Store, StoreError};

/// The number of entries that are read in one query.
const BATCH: i64 = 5_000;

/// Signs and verifies seals.
pub struct SealKey(MacKey);

impl SealKey {
    /// Derives the sealing key of this deployment.
    pub fn of(vault: &Vault) -> Self {
        Self(vault.seal_key())
    }

    fn signed_text(seal: &Seal) -> String {
        format!("{} {} {} {}", seal.up_to_seq, seal.made_at_ms, seal.entries, seal.digest)
    }

    /// Signs a seal.
    pub fn sign(&self, seal: Seal) -> Seal {
        let tag = self.0.sign(Self::signed_text(&seal).as_bytes());
        Seal { signature: URL_SAFE_NO_PAD.encode(tag), ..seal }
    }

    /// Whether a seal was created with this key and is unchanged.
    pub fn is_valid(&self, seal: &Seal) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(&seal.signature).unwrap_or_default();
        self.0.verifies(Self::signed_text(seal).as_bytes(), &tag)
    }
}

/// The state of the last seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealState {
    /// There is no seal yet.
    None,
    /// All sealed entries are unchanged.
    Matches(Seal),
    /// The ledger does not match the seal, for this reason.
    Broken(String),
}

/// Compares the ledger with the last seal.
///
/// # Errors
/// The database does not answer.
pub async fn check_seal(store: &Store, key: &SealKey) -> Result<SealState, StoreError> {
    let Some(seal) = store.last_seal().await? else { return Ok(SealState::None) };
    let at = jiff::Timestamp::from_millisecond(seal.made_at_ms)
        .map_or_else(|_| String::new(), |at| at.to_string());
    if !key.is_valid(&seal) {
        return Ok(SealState::Broken(format!(
            "the seal of {at} was not created with this deployment's key, or was changed since"
        )));
    }
    let (entries, digest) = digest_of(store, seal.up_to_seq).await?;
    if (entries, &digest) == (seal.entries, &seal.digest) {
        return Ok(SealState::Matches(seal));
    }
    Ok(SealState::Broken(format!(
        "the entries booked until {at} have changed since they were sealed: {} entries then, {entries} now; compare the ledger with a backup",
        seal.entries
    )))
}

/// Returns the number of entries up to a position in the booking order, and the digest of all of them. The entries
/// are digested in the order of their causes (an entry's cause is its key), so the order in which they arrived does not
/// matter.
///
/// # Errors
/// See [`StoreError`].
pub async fn digest_of(store: &Store, up_to_seq: i64) -> Result<(i64, String), StoreError> {
    let mut hash = Sha256::begin();
    let (mut entries, mut after) = (0, String::new());
    loop {
        let page = store.entries_to_seal(up_to_seq, &after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.cause);
        for entry in &page {
            entries += 1;
            hash.update(digest_line(entry).as_bytes());
        }
    }
    Ok((entries, URL_SAFE_NO_PAD.encode(hash.finish())))
}

/// Writes an entry as one line. No field contains a control character, so no two entries produce the same line.
fn digest_line(entry: &SealedEntry) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
        entry.cause,
        entry.contribution_id,
        entry.site,
        entry.currency,
        entry.debit_account,
        entry.credit_account,
        entry.amount_minor,
        entry.occurred_at_ms
    )
}
