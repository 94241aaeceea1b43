//! The attribution: a signed record of what a verdict (the answer to a banner request) showed. Pages send it back with
//! views, clicks and gifts.
//!
//! Every verdict that shows an appeal needs an attribution, so an attribution must be quick to sign. It is short: if
//! the three ids have at most 32 bytes in total, the hash function needs only one block. An attribution is the
//! base64url form of these parts, in this order:
//!
//! 1. the time of the verdict in seconds since 1970 (8 bytes, big-endian)
//! 2. the verdict's own number (8 bytes)
//! 3. the surface (1 byte)
//! 4. the country (2 bytes, zero if unknown)
//! 5. the lengths of the site's id and of the appeal's id (2 bytes each)
//! 6. the site's id, the appeal's id and the variant's id
//! 7. the HMAC-SHA256 of all these parts, truncated to 16 bytes

use keepopen_decision::Surface;

use super::{MacKey, signed_value};

/// How long an attribution is valid, in seconds: one day.
const TTL_S: i64 = 86_400;

/// What a verdict shows, to be signed.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct AttributionContent<'a> {
    pub site: &'a str,
    pub appeal: &'a str,
    pub variant: &'a str,
    pub surface: Surface,
    /// The country's two letters.
    pub country: Option<[u8; 2]>,
    pub at_s: i64,
    /// The verdict's own number, which distinguishes its events from those of other readers.
    pub number: u64,
}

/// What a verdict showed, read from a signed attribution.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct Attribution {
    pub site: String,
    pub appeal: String,
    pub variant: String,
    pub surface: String,
    /// The country's two letters. Empty if unknown.
    pub country: String,
    pub at_s: i64,
    /// The verdict's own number.
    pub number: u64,
}

/// The attribution is invalid, for another site, or has expired.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the attribution is invalid or has expired")]
pub struct BadAttribution;

impl AttributionContent<'_> {
    /// Returns the signed attribution as text. If an id is longer than any valid id, the text can't be read back.
    pub fn sign(&self, key: &MacKey) -> String {
        let Self { site, appeal, variant, surface, country, at_s, number } = *self;
        let len = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut attribution = Vec::with_capacity(128);
        attribution.extend_from_slice(&at_s.to_be_bytes());
        attribution.extend_from_slice(&number.to_be_bytes());
        attribution.push(surface as u8);
        attribution.extend_from_slice(&country.unwrap_or_default());
        attribution.extend_from_slice(&len(site));
        attribution.extend_from_slice(&len(appeal));
        [site, appeal, variant].iter().for_each(|id| attribution.extend_from_slice(id.as_bytes()));
        signed_value::sign(attribution, key)
    }
}

impl Attribution {
    /// Reads an attribution that was sent to `site` at `now_ms`.
    ///
    /// # Errors
    /// See [`BadAttribution`].
    pub fn read(attribution: &str, key: &MacKey, site: &str, now_ms: i64) -> Result<Self, BadAttribution> {
        let bytes = signed_value::read(attribution, key).ok_or(BadAttribution)?;
        let parsed = Self::parse(&bytes).ok_or(BadAttribution)?;
        let age_s = now_ms / 1000 - parsed.at_s;
        if parsed.site == site && age_s < TTL_S { Ok(parsed) } else { Err(BadAttribution) }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (at_s, rest) = bytes.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (surface, rest) = rest.split_first()?;
        let (country, rest) = rest.split_first_chunk::<2>()?;
        let (site_len, rest) = rest.split_first_chunk()?;
        let (appeal_len, rest) = rest.split_first_chunk()?;
        let (site, rest) = rest.split_at_checked(u16::from_be_bytes(*site_len).into())?;
        let (appeal, variant) = rest.split_at_checked(u16::from_be_bytes(*appeal_len).into())?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(Self {
            site: text(site)?,
            appeal: text(appeal)?,
            variant: text(variant)?,
            surface: Surface::ALL.into_iter().find(|known| *known as u8 == *surface)?.as_str().to_owned(),
            country: if *country == [0; 2] { String::new() } else { text(country)? },
            at_s: i64::from_be_bytes(*at_s),
            number: u64::from_be_bytes(*number),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const SHOWN: AttributionContent<'_> = AttributionContent {
        site: "journal",
        appeal: "summer",
        variant: "a",
        surface: Surface::Inline,
        country: Some(*b"IE"),
        at_s: 1000,
        number: 7,
    };

    fn key(secret: &[u8]) -> MacKey {
        MacKey::new(secret)
    }

    #[test]
    fn an_attribution_is_valid_for_its_site_for_a_day() {
        let (key, other_key) = (key(b"a"), key(b"b"));
        let text = |text: &str| text.to_owned();
        let expected = Attribution {
            site: text("journal"),
            appeal: text("summer"),
            variant: text("a"),
            surface: text("inline"),
            country: text("IE"),
            at_s: 1000,
            number: 7,
        };
        let attribution = SHOWN.sign(&key);
        let read = |attribution: &str| Attribution::read(attribution, &key, "journal", 1_000_000);
        assert_eq!(read(&attribution), Ok(expected.clone()));
        assert!(Attribution::read(&attribution, &key, "journal", (1000 + TTL_S) * 1000 - 1).is_ok());
        assert_eq!(
            Attribution::read(&attribution, &key, "journal", (1000 + TTL_S) * 1000),
            Err(BadAttribution)
        );
        assert_eq!(Attribution::read(&attribution, &key, "other", 1_000_000), Err(BadAttribution));
        assert_eq!(Attribution::read(&attribution, &other_key, "journal", 1_000_000), Err(BadAttribution));
        for bad in [
            "",
            ".",
            "a.b",
            &attribution[..attribution.len() - 1],
            &attribution[1..],
            &"x".repeat(signed_value::MAX_LEN + 1),
        ] {
            assert_eq!(read(bad), Err(BadAttribution), "{bad}");
        }
        let without_country = AttributionContent { country: None, surface: Surface::Wall, ..SHOWN };
        let expected = Attribution { country: String::new(), surface: text("wall"), ..expected };
        assert_eq!(read(&without_country.sign(&key)), Ok(expected));
    }

    #[test]
    fn moving_text_between_ids_changes_the_attribution_and_a_changed_byte_is_detected() {
        let key = key(b"a");
        let attribution =
            |site, appeal, variant| AttributionContent { site, appeal, variant, ..SHOWN }.sign(&key);
        let attributions = [
            attribution("journal", "ab", "c"),
            attribution("journal", "a", "bc"),
            attribution("journal", "", "abc"),
        ];
        for (index, attribution) in attributions.iter().enumerate() {
            assert!(
                attributions[index + 1..].iter().all(|other| attribution != other),
                "different ids must not give the same attribution"
            );
        }
        let bytes = URL_SAFE_NO_PAD.decode(&attributions[0]).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            let read = Attribution::read(&changed, &key, "journal", 1_000_000);
            assert_eq!(read, Err(BadAttribution), "byte {index}");
        }
        let long = "x".repeat(usize::from(u16::MAX) + 1);
        let read = Attribution::read(&attribution("journal", &long, "a"), &key, "journal", 1_000_000);
        assert_eq!(read, Err(BadAttribution));
    }
}
