//! Previews. A preview is a signed value in a page's URL. With it, the page shows staff an appeal, even one that is not
//! published.

use serde::{Deserialize, Serialize};

use super::{MacKey, signed_value};

/// Which appeal to show, where, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct Preview {
    #[serde(rename = "s")]
    pub site: String,
    #[serde(rename = "a")]
    pub appeal: String,
    /// The version to show. `None` for the published version.
    #[serde(rename = "n")]
    pub version: Option<i64>,
    /// The variant to show. `None` for the first one.
    #[serde(rename = "v")]
    pub variant: Option<String>,
    /// The surface to use. `None` for the first of the appeal's surfaces for which the page has room.
    #[serde(rename = "f")]
    pub surface: Option<String>,
    /// The language to use. `None` for the page's language.
    #[serde(rename = "l")]
    pub locale: Option<String>,
    /// The device to use. `None` for the actual device.
    #[serde(rename = "d")]
    pub device: Option<String>,
    #[serde(rename = "x")]
    pub expires_at_s: i64,
}

/// The preview is invalid, for another site, or has expired.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the preview is invalid or has expired")]
pub struct BadPreview;

impl Preview {
    /// Returns the signed preview as text for a URL. `None` if the text would exceed the maximum length.
    pub fn sign(&self, key: &MacKey) -> Option<String> {
        let json = serde_json::to_vec(self).expect("a preview must be serialisable as JSON");
        let text = signed_value::sign(json, key);
        (text.len() <= signed_value::MAX_LEN).then_some(text)
    }

    /// Reads a preview that was sent to `site` at `now_ms` (milliseconds since 1970).
    ///
    /// # Errors
    /// See [`BadPreview`].
    pub fn read(text: &str, key: &MacKey, site: &str, now_ms: i64) -> Result<Self, BadPreview> {
        let json = signed_value::read(text, key).ok_or(BadPreview)?;
        let preview: Self = serde_json::from_slice(&json).map_err(|_| BadPreview)?;
        let is_valid = preview.site == site && now_ms.div_euclid(1000) < preview.expires_at_s;
        if is_valid { Ok(preview) } else { Err(BadPreview) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_valid_on_its_site_until_it_expires_and_only_if_unchanged() {
        let key = MacKey::new(b"a");
        let preview = Preview {
            site: "journal".to_owned(),
            appeal: "summer".to_owned(),
            version: Some(2),
            variant: None,
            surface: Some("wall".to_owned()),
            locale: None,
            device: None,
            expires_at_s: 1000,
        };
        let text = preview.sign(&key).unwrap();
        assert_eq!(Preview::read(&text, &key, "journal", 999_999), Ok(preview.clone()));
        assert_eq!(Preview::read(&text, &key, "journal", 1_000_000), Err(BadPreview));
        assert_eq!(Preview::read(&text, &key, "other", 0), Err(BadPreview));
        assert_eq!(Preview::read(&text, &MacKey::new(b"b"), "journal", 0), Err(BadPreview));
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Preview::read(&changed, &key, "journal", 0), Err(BadPreview), "{changed}");
        }
        let long = Preview { variant: Some("v".repeat(1024)), ..preview };
        assert_eq!(long.sign(&key), None);
    }
}
