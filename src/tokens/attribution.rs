//! The signed note of what a verdict showed, which views, clicks and gifts bring back.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// How long a note is good, in seconds: one day.
const GOOD_FOR_S: i64 = 86_400;
/// Half of the HMAC is enough against guessing (RFC 2104, section 5), and shorter.
const TAG_LEN: usize = 16;
/// The longest note that is looked at, in bytes.
const LONGEST: usize = 1024;

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
        let json = serde_json::to_vec(self).expect("strings and numbers can be written as JSON");
        let mut note = URL_SAFE_NO_PAD.encode(&json);
        let tag = hmac::sign(key, note.as_bytes());
        note.push('.');
        URL_SAFE_NO_PAD.encode_string(&tag.as_ref()[..TAG_LEN], &mut note);
        note
    }

    /// Reads a note brought back to `site` at `now_ms`.
    ///
    /// # Errors
    /// See [`BadAttribution`].
    pub fn read(note: &str, key: &hmac::Key, site: &str, now_ms: i64) -> Result<Self, BadAttribution> {
        if note.len() > LONGEST {
            return Err(BadAttribution);
        }
        let (json, tag) = note.rsplit_once('.').ok_or(BadAttribution)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| BadAttribution)?;
        let right = hmac::sign(key, json.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(&right.as_ref()[..TAG_LEN], &tag)
            .map_err(|_| BadAttribution)?;
        let json = URL_SAFE_NO_PAD.decode(json).map_err(|_| BadAttribution)?;
        let read: Self = serde_json::from_slice(&json).map_err(|_| BadAttribution)?;
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
        for bad in ["", ".", "a.b", cut, &"x".repeat(LONGEST + 1)] {
            assert_eq!(Attribution::read(bad, &key, "journal", 1_000_000), Err(BadAttribution), "{bad}");
        }
    }
}
