//! Signed notes: bytes and an HMAC-SHA256 over them, as text that can stand in a URL.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::MacKey;

/// Half of the HMAC is enough against guessing (RFC 2104, section 5), and shorter.
const TAG_LEN: usize = 16;
/// The longest note that is looked at, in bytes.
pub(super) const MAX_LEN: usize = 1024;

/// The note as text: the bytes, and the HMAC of all that.
pub(super) fn sign(mut value: Vec<u8>, key: &MacKey) -> String {
    let tag = key.sign(&value);
    value.extend_from_slice(&tag[..TAG_LEN]);
    URL_SAFE_NO_PAD.encode(&value)
}

/// The note's bytes, if it was signed with this key and not changed since.
pub(super) fn read(value: &str, key: &MacKey) -> Option<Vec<u8>> {
    if value.len() > MAX_LEN {
        return None;
    }
    let mut value = URL_SAFE_NO_PAD.decode(value).ok()?;
    let (bytes, tag) = value.split_last_chunk::<TAG_LEN>()?;
    let right = key.sign(bytes);
    verify_slices_are_equal(&right[..TAG_LEN], tag).ok()?;
    value.truncate(value.len() - TAG_LEN);
    Some(value)
}
