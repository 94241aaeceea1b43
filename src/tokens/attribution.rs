//! The signed note of what a verdict showed, which views, clicks and gifts bring back.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::note;

/// How long a note is good, in seconds: one day.
const GOOD_FOR_S: i64 = 86_400;

/// What a verdict showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct Attribution {
    #[serde(rename = "s")]
    pub site: String,
    #[serde(rename = "a")]
    pub appeal: String,
    #[serde(rename = "v")]
    pub variant: String,
    #[serde(rename = "f")]
    pub surface: String,
    /// Two letters, or empty when it is not known.
    #[serde(rename = "c")]
    pub country: String,
    #[serde(rename = "t")]
    pub at_s: i64,
}

/// The note is not one of ours, is for another site, or is too old.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the attribution is not one of ours, or no longer good")]
pub struct BadAttribution;

impl Attribution {
    /// The note as text: what was shown, and an HMAC-SHA256 over it.
    pub fn sign(&self, key: &hmac::Key) -> String {
        note::sign(self, key)
    }

    /// Reads a note brought back to `site` at `now_ms`.
    ///
    /// # Errors
    /// See [`BadAttribution`].
    pub fn read(note: &str, key: &hmac::Key, site: &str, now_ms: i64) -> Result<Self, BadAttribution> {
        let read: Self = note::read(note, key).ok_or(BadAttribution)?;
        let age_s = now_ms / 1000 - read.at_s;
        if read.site == site && age_s < GOOD_FOR_S { Ok(read) } else { Err(BadAttribution) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_whole_to_its_site_within_a_day_and_not_otherwise() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a");
        let other_key = hmac::Key::new(hmac::HMAC_SHA256, b"b");
        let text = |text: &str| text.to_owned();
        let shown = Attribution {
            site: text("journal"),
            appeal: text("summer"),
            variant: text("a"),
            surface: text("banner"),
            country: text("IE"),
            at_s: 1000,
        };
        let note = shown.sign(&key);
        assert_eq!(Attribution::read(&note, &key, "journal", 1_000_000), Ok(shown));
        assert!(Attribution::read(&note, &key, "journal", (1000 + GOOD_FOR_S) * 1000 - 1).is_ok());
        assert_eq!(
            Attribution::read(&note, &key, "journal", (1000 + GOOD_FOR_S) * 1000),
            Err(BadAttribution)
        );
        assert_eq!(Attribution::read(&note, &key, "other", 1_000_000), Err(BadAttribution));
        assert_eq!(Attribution::read(&note, &other_key, "journal", 1_000_000), Err(BadAttribution));
        let cut = &note[..note.rfind('.').unwrap() + 1];
        for bad in ["", ".", "a.b", cut, &"x".repeat(note::LONGEST + 1)] {
            assert_eq!(Attribution::read(bad, &key, "journal", 1_000_000), Err(BadAttribution), "{bad}");
        }
    }
}
