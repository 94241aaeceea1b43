//! Signed notes: JSON and an HMAC-SHA256 over it, as text that can stand in a URL.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Half of the HMAC is enough against guessing (RFC 2104, section 5), and shorter.
const TAG_LEN: usize = 16;
/// The longest note that is looked at, in bytes.
pub(super) const LONGEST: usize = 1024;

/// The note as text.
pub(super) fn sign(note: &impl Serialize, key: &hmac::Key) -> String {
    let json = serde_json::to_vec(note).expect("strings and numbers can be written as JSON");
    let mut note = URL_SAFE_NO_PAD.encode(&json);
    let tag = hmac::sign(key, note.as_bytes());
    note.push('.');
    URL_SAFE_NO_PAD.encode_string(&tag.as_ref()[..TAG_LEN], &mut note);
    note
}

/// The note, if it was signed with this key and not changed since.
pub(super) fn read<T: DeserializeOwned>(note: &str, key: &hmac::Key) -> Option<T> {
    if note.len() > LONGEST {
        return None;
    }
    let (json, tag) = note.rsplit_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    let right = hmac::sign(key, json.as_bytes());
    aws_lc_rs::constant_time::verify_slices_are_equal(&right.as_ref()[..TAG_LEN], &tag).ok()?;
    let json = URL_SAFE_NO_PAD.decode(json).ok()?;
    serde_json::from_slice(&json).ok()
}
