//! The last known state of everything that the banner needs, in a file, for a start without the database.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::appeals::PublishedRow;
use super::keys::SigningKeyRow;
use super::switches::SwitchRow;
use crate::appeals::{LearnedSoFar, TickerCount};
use crate::ids::SupporterId;
use crate::keys::MacKey;
use crate::supporters::StandingChange;

/// The last known state of everything that the banner needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LastGood {
    /// The number of publications.
    pub publications: i64,
    /// The active appeals; none if they come from a file.
    pub appeals: Vec<PublishedRow>,
    /// The number of switch changes.
    pub turns: i64,
    /// The state of every switch that was ever changed.
    pub switches: Vec<SwitchRow>,
    /// The last learned weights.
    pub learned: LearnedSoFar,
    /// When the ticker totals last changed, in milliseconds since 1970.
    pub tickers_as_of_ms: i64,
    /// What tickers count, and their totals.
    pub tickers: Vec<(TickerCount, i64)>,
    /// Epochs that were raised within the lifetime of a token, ordered by supporter id.
    pub epochs: Vec<(SupporterId, i64)>,
    /// Standings that changed within the lifetime of a token.
    pub standings: Vec<StandingChange>,
    /// The time before which such changes are unknown, in milliseconds since 1970, because there were too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standings_forgotten_until_ms: Option<i64>,
    /// The keys that sign and verify tokens, the signing one first; their private halves are encrypted.
    pub signing_keys: Vec<SigningKeyRow>,
}

/// The file's content: the state, and a tag over its bytes.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    tag: String,
    at_ms: i64,
    #[serde(borrow)]
    last_good: &'a RawValue,
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum LastGoodError {
    #[error("there is none")]
    Missing,
    #[error("it can't be read ({0})")]
    Read(std::io::Error),
    #[error("it is damaged, or was written with another encryption key")]
    Damaged,
    #[error("it was written by another version ({0})")]
    OtherVersion(serde_json::Error),
}

impl LastGood {
    /// Writes the file at `now_ms` (milliseconds since 1970), private to its owner. A process that dies in the middle
    /// leaves the old file intact.
    ///
    /// # Errors
    /// The folder is missing, or can't be written to.
    pub fn write(&self, path: &Path, key: &MacKey, now_ms: i64) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let last_good = serde_json::value::to_raw_value(self)?;
        let tag = URL_SAFE_NO_PAD.encode(key.sign(&tagged(now_ms, &last_good)));
        let kept = serde_json::to_vec(&Kept { tag, at_ms: now_ms, last_good: &last_good })?;
        let mut file = tempfile::Builder::new().prefix("last-good-").suffix(".new").tempfile_in(folder)?;
        file.write_all(&kept)?;
        // Readable only by its owner, with any umask.
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // A rename is durable only once the folder is synced, which is possible on unix only.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Reads the file. Also returns when it was written, in milliseconds since 1970.
    ///
    /// # Errors
    /// See [`LastGoodError`].
    pub fn read(path: &Path, key: &MacKey) -> Result<(Self, i64), LastGoodError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(LastGoodError::Missing),
            Err(error) => return Err(LastGoodError::Read(error)),
        };
        let kept: Kept<'_> = serde_json::from_slice(&bytes).map_err(|_| LastGoodError::Damaged)?;
        let tag = URL_SAFE_NO_PAD.decode(&kept.tag).map_err(|_| LastGoodError::Damaged)?;
        if !key.fits(&tagged(kept.at_ms, kept.last_good), &tag) {
            return Err(LastGoodError::Damaged);
        }
        let read = serde_json::from_str(kept.last_good.get()).map_err(LastGoodError::OtherVersion)?;
        Ok((read, kept.at_ms))
    }
}

fn tagged(at_ms: i64, last_good: &RawValue) -> Vec<u8> {
    format!("{at_ms}\n{last_good}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &[u8]) -> MacKey {
        MacKey::new(secret)
    }

    fn said(publications: i64) -> LastGood {
        let row = SigningKeyRow {
            kid: "one".to_owned(),
            public_key: "public".to_owned(),
            sealed_private_key: "sealed".to_owned(),
        };
        LastGood { publications, signing_keys: vec![row], ..LastGood::default() }
    }

    #[test]
    fn what_was_kept_is_read_as_the_same_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        assert!(matches!(LastGood::read(&path, &key(b"a")), Err(LastGoodError::Missing)));
        for publications in [1, 2] {
            said(publications).write(&path, &key(b"a"), 7).unwrap();
            assert_eq!(LastGood::read(&path, &key(b"a")).unwrap(), (said(publications), 7));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_file_of_which_any_byte_was_lost_or_changed_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        said(1).write(&path, &key(b"a"), 7).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let damaged = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            matches!(LastGood::read(&path, &key(b"a")), Err(LastGoodError::Damaged))
        };
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(damaged(&whole[..place]), "cut at {place}");
            assert!(damaged(&changed), "changed at {place}");
        }
        assert!(!damaged(&whole));
        assert!(matches!(LastGood::read(&path, &key(b"b")), Err(LastGoodError::Damaged)));
    }

    #[test]
    fn an_interrupted_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        said(1).write(&path, &key(b"a"), 7).unwrap();
        // As left behind by a process that was killed between the first byte and the rename.
        std::fs::write(folder.path().join("last-good-abc.new"), "{\"tag\":").unwrap();
        assert_eq!(LastGood::read(&path, &key(b"a")).unwrap().0, said(1));
        assert!(said(2).write(&path.join("below a file"), &key(b"a"), 8).is_err());
    }
}
