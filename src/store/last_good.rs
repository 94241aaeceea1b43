//! Saves to a file the last known state of everything that banner requests need. The service reads the file if it
//! starts while the database is down.

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
use crate::appeals::{StoredWeights, TickerCount};
use crate::ids::SupporterId;
use crate::keys::MacKey;
use crate::supporters::StandingChange;

/// The last known state of everything that banner requests need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LastGood {
    /// The number of publications so far.
    pub publications: i64,
    /// The active appeals. Empty if the appeals come from a file.
    pub appeals: Vec<PublishedRow>,
    /// The number of switch changes so far.
    pub turns: i64,
    /// The present state of every switch that was ever changed.
    pub switches: Vec<SwitchRow>,
    /// The variants' weights that were last learned from the results.
    pub learned: StoredWeights,
    /// When the totals of the tickers last changed, in milliseconds since 1970.
    pub tickers_as_of_ms: i64,
    /// What each ticker counts, and its total. (A ticker is a total that an appeal's text shows.)
    pub tickers: Vec<(TickerCount, i64)>,
    /// The supporters whose epoch rose recently, each with the new epoch, ordered by supporter id. Recently means that
    /// a token with the old epoch can still be unexpired. (An epoch is the number of a supporter's payments that were
    /// ever reversed. A token with a lower epoch than its supporter's is invalid; see
    /// `docs/decisions/0009-token-epochs.md`.)
    pub epochs: Vec<(SupporterId, i64)>,
    /// Recent changes of standings: a token that was issued before the change can still be unexpired. (A standing
    /// says how a supporter currently gives, such as `recurring` or `lapsed`.)
    pub standings: Vec<StandingChange>,
    /// The time (milliseconds since 1970) before which changes of standings were dropped, because there were too many
    /// to keep. `None` if none were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standings_forgotten_until_ms: Option<i64>,
    /// The keys that sign and verify tokens; the first one signs. Their private halves are encrypted.
    pub signing_keys: Vec<SigningKeyRow>,
}

/// The file's content: the state, the time of writing, and a tag that authenticates both.
#[derive(Serialize, Deserialize)]
struct SavedFile<'a> {
    tag: String,
    at_ms: i64,
    #[serde(borrow)]
    last_good: &'a RawValue,
}

/// Why a saved file can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum LastGoodError {
    #[error("there is no saved file")]
    Missing,
    #[error("the file can't be read ({0})")]
    Read(std::io::Error),
    #[error("the file is damaged, or was written with another encryption key")]
    Damaged,
    #[error("the file was written by another version ({0})")]
    OtherVersion(serde_json::Error),
}

impl LastGood {
    /// Writes the file so that only its owner can read it. `now_ms` (milliseconds since 1970) is stored as the time
    /// of writing. If the process dies in the middle, the old file stays intact.
    ///
    /// # Errors
    /// The folder is missing, or can't be written to.
    pub fn write(&self, path: &Path, key: &MacKey, now_ms: i64) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let last_good = serde_json::value::to_raw_value(self)?;
        let tag = URL_SAFE_NO_PAD.encode(key.sign(&text_to_sign(now_ms, &last_good)));
        let saved = serde_json::to_vec(&SavedFile { tag, at_ms: now_ms, last_good: &last_good })?;
        let mut file = tempfile::Builder::new().prefix("last-good-").suffix(".new").tempfile_in(folder)?;
        file.write_all(&saved)?;
        // Only the owner can read the file, whatever the umask is.
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // A rename is durable only after the folder was synced, which is possible only on Unix.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Reads the file. Returns the state, and when it was written, in milliseconds since 1970.
    ///
    /// # Errors
    /// See [`LastGoodError`].
    pub fn read(path: &Path, key: &MacKey) -> Result<(Self, i64), LastGoodError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(LastGoodError::Missing),
            Err(error) => return Err(LastGoodError::Read(error)),
        };
        let saved: SavedFile<'_> = serde_json::from_slice(&bytes).map_err(|_| LastGoodError::Damaged)?;
        let tag = URL_SAFE_NO_PAD.decode(&saved.tag).map_err(|_| LastGoodError::Damaged)?;
        if !key.verifies(&text_to_sign(saved.at_ms, saved.last_good), &tag) {
            return Err(LastGoodError::Damaged);
        }
        let last_good = serde_json::from_str(saved.last_good.get()).map_err(LastGoodError::OtherVersion)?;
        Ok((last_good, saved.at_ms))
    }
}

fn text_to_sign(at_ms: i64, last_good: &RawValue) -> Vec<u8> {
    format!("{at_ms}\n{last_good}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &[u8]) -> MacKey {
        MacKey::new(secret)
    }

    fn sample(publications: i64) -> LastGood {
        let row = SigningKeyRow {
            kid: "one".to_owned(),
            public_key: "public".to_owned(),
            sealed_private_key: "sealed".to_owned(),
        };
        LastGood { publications, signing_keys: vec![row], ..LastGood::default() }
    }

    #[test]
    fn a_written_state_reads_back_equal_and_is_private_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        assert!(matches!(LastGood::read(&path, &key(b"a")), Err(LastGoodError::Missing)));
        for publications in [1, 2] {
            sample(publications).write(&path, &key(b"a"), 7).unwrap();
            assert_eq!(LastGood::read(&path, &key(b"a")).unwrap(), (sample(publications), 7));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no other file may be left in the folder"
        );
    }

    #[test]
    fn a_file_that_is_cut_or_changed_at_any_byte_is_reported_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        sample(1).write(&path, &key(b"a"), 7).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let is_damaged = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            matches!(LastGood::read(&path, &key(b"a")), Err(LastGoodError::Damaged))
        };
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            assert!(is_damaged(&whole[..position]), "a file that is cut at byte {position} must be damaged");
            assert!(is_damaged(&changed), "a file that is changed at byte {position} must be damaged");
        }
        assert!(!is_damaged(&whole), "the unchanged file must not be damaged");
        assert!(matches!(LastGood::read(&path, &key(b"b")), Err(LastGoodError::Damaged)));
    }

    #[test]
    fn an_interrupted_write_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.json");
        sample(1).write(&path, &key(b"a"), 7).unwrap();
        // A process that was killed between the first byte and the rename leaves a file like this one.
        std::fs::write(folder.path().join("last-good-abc.new"), "{\"tag\":").unwrap();
        assert_eq!(LastGood::read(&path, &key(b"a")).unwrap().0, sample(1));
        assert!(sample(2).write(&path.join("below a file"), &key(b"a"), 8).is_err());
    }
}
