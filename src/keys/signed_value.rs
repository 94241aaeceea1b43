//! Signed values. A signed value consists of bytes and the first half of their HMAC-SHA256, as URL-safe text.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::MacKey;

/// The length of the truncated HMAC, in bytes. Half of an HMAC is long enough to resist guessing (RFC 2104, section 5).
const TAG_LEN: usize = 16;
/// The maximum length of a signed value, in bytes.
pub(super) const MAX_LEN: usize = 1024;

/// Returns the signed value as text: the bytes and their truncated HMAC.
pub(super) fn sign(mut value: Vec<u8>, key: &MacKey) -> String {
    let tag = key.sign(&value);
    value.extend_from_slice(&tag[..TAG_LEN]);
    URL_SAFE_NO_PAD.encode(&value)
}

/// Returns the bytes of a signed value. `None` if the value is too long, was not signed with this key, or was changed.
pub(super) fn read(value: &str, key: &MacKey) -> Option<Vec<u8>> {
    if value.len() > MAX_LEN {
        return None;
    }
    let mut value = URL_SAFE_NO_PAD.decode(value).ok()?;
    let (bytes, tag) = value.split_last_chunk::<TAG_LEN>()?;
    let expected = key.sign(bytes);
    verify_slices_are_equal(&expected[..TAG_LEN], tag).ok()?;
    value.truncate(value.len() - TAG_LEN);
    Some(value)
}
