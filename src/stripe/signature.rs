//! Verifies webhook signatures (<https://docs.stripe.com/webhooks#verify-manually>).

use crate::config::Secret;
use crate::keys::MacKey;

/// The maximum age of a signature, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// Why a delivery can't be verified as sent by Stripe.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadSignature {
    /// The header is missing.
    #[error("the Stripe-Signature header is missing")]
    Missing,
    /// The header does not have the documented form.
    #[error("the Stripe-Signature header is malformed")]
    Malformed,
    /// The header contains no well-formed `v1`, or no `v1` matches any of the secrets.
    #[error("no signature matches")]
    Wrong,
    /// The signature matches, but is too old: somebody may be replaying it.
    #[error("the signature is too old")]
    Stale,
}

/// Verifies `header` for the raw `body`. The header contains a timestamp (`t`) and signatures (`v1`). Every signature
/// is compared, in constant time, with the HMAC-SHA256 of `t.body` under every secret. The signature must not be older
/// than [`TOLERANCE_S`].
///
/// Rejects everything that Stripe's own libraries reject. `docs/decisions/0004-signatures.md` explains where and why
/// this function is stricter.
///
/// # Errors
/// See [`BadSignature`].
pub fn verify(header: Option<&str>, body: &[u8], secrets: &[Secret], now_s: i64) -> Result<(), BadSignature> {
    find_secret(header, body, secrets, now_s).map(drop)
}

/// Verifies like [`verify`], and returns the index of the matching secret.
///
/// # Errors
/// See [`BadSignature`].
pub fn find_secret(
    header: Option<&str>,
    body: &[u8],
    secrets: &[Secret],
    now_s: i64,
) -> Result<usize, BadSignature> {
    let (timestamp, signatures) = parse(header.ok_or(BadSignature::Missing)?)?;
    let mut signed = timestamp.as_bytes().to_vec();
    signed.push(b'.');
    signed.extend_from_slice(body);
    let index = secrets.iter().position(|secret| {
        let key = MacKey::new(secret.expose().as_bytes());
        signatures.iter().any(|tag| key.verifies(&signed, tag))
    });
    let index = index.ok_or(BadSignature::Wrong)?;
    let at_s: i64 = timestamp.parse().map_err(|_| BadSignature::Malformed)?;
    if now_s - at_s > TOLERANCE_S { Err(BadSignature::Stale) } else { Ok(index) }
}

/// Checks that `header` has the form of a signature, before the body is read.
///
/// # Errors
/// The header is missing or malformed, or contains no signature of a supported scheme.
pub fn check_form(header: Option<&str>) -> Result<(), BadSignature> {
    parse(header.ok_or(BadSignature::Missing)?).map(drop)
}

/// Returns the header's timestamp, in seconds since 1970.
pub fn signed_at_s(header: &str) -> Option<i64> {
    parse(header).ok()?.0.parse().ok()
}

/// Returns the timestamp as it is written, and every well-formed `v1`.
fn parse(header: &str) -> Result<(&str, Vec<[u8; 32]>), BadSignature> {
    let mut timestamp = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.split_once('=') {
            Some(("t", _)) if timestamp.is_some() => return Err(BadSignature::Malformed),
            Some(("t", value)) => timestamp = Some(value),
            Some(("v1", value)) => signatures.extend(unhex(value)),
            // Signatures of `v0` and of future schemes are ignored, and so are malformed pairs.
            _ => {}
        }
    }
    let timestamp = timestamp.filter(|text| is_whole_number(text)).ok_or(BadSignature::Malformed)?;
    if signatures.is_empty() { Err(BadSignature::Wrong) } else { Ok((timestamp, signatures)) }
}

/// Whether this is a whole number of at most 18 digits (so that it fits in an `i64`), without a leading 0.
fn is_whole_number(text: &str) -> bool {
    (1..=18).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

/// Decodes 64 lowercase hex digits, the form in which Stripe writes signatures.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let bytes: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = b"{\"id\":\"evt_1\"}";

    fn sign(secret: &str, at_s: i64, body: &[u8]) -> String {
        let key = MacKey::new(secret.as_bytes());
        let mut signed = format!("{at_s}.").into_bytes();
        signed.extend_from_slice(body);
        hex::encode(key.sign(&signed))
    }

    fn verify_body(header: &str, secrets: &[&str]) -> Result<(), BadSignature> {
        let secrets: Vec<Secret> = secrets.iter().map(|&secret| Secret::from(secret)).collect();
        verify(Some(header), BODY, &secrets, NOW)
    }

    #[test]
    fn a_known_signature_is_accepted() {
        // This signature was created with `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac
        // whsec_test`.
        let known = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
        assert_eq!(sign("whsec_test", NOW, BODY), known);
        assert_eq!(verify_body(&format!("t={NOW},v1={known}"), &["whsec_test"]), Ok(()));
    }

    #[test]
    fn every_signature_is_tried_against_every_secret() {
        let good = sign("whsec_new", NOW, BODY);
        let other = sign("whsec_other", NOW, BODY);
        let header = format!("t={NOW},v1={other},v1=zz,v0=abc,v1={good}");
        assert_eq!(verify_body(&header, &["whsec_old", "whsec_new"]), Ok(()));
        assert_eq!(verify_body(&header, &["whsec_old"]), Err(BadSignature::Wrong));
        assert_eq!(verify_body(&header, &[]), Err(BadSignature::Wrong));
    }

    #[test]
    fn the_matching_secret_and_the_time_of_the_signature_are_returned() {
        let header = format!("t={NOW},v1={}", sign("whsec_new", NOW, BODY));
        let secrets = ["whsec_old", "whsec_new"].map(Secret::from);
        assert_eq!(find_secret(Some(&header), BODY, &secrets, NOW), Ok(1));
        assert_eq!((signed_at_s(&header), signed_at_s("nonsense")), (Some(NOW), None));
    }

    #[test]
    fn a_signature_is_valid_for_300_seconds() {
        let verify_at_age = |age| {
            let at_s = NOW - age;
            verify_body(&format!("t={at_s},v1={}", sign("whsec_a", at_s, BODY)), &["whsec_a"])
        };
        assert_eq!((verify_at_age(300), verify_at_age(301)), (Ok(()), Err(BadSignature::Stale)));
    }

    #[test]
    fn a_signature_does_not_match_another_body_or_time() {
        let good = sign("whsec_a", NOW, BODY);
        let secrets = [Secret::from("whsec_a")];
        let header = format!("t={NOW},v1={good}");
        assert_eq!(verify(Some(&header), b"{}", &secrets, NOW), Err(BadSignature::Wrong));
        let header = format!("t={},v1={good}", NOW - 1);
        assert_eq!(verify(Some(&header), BODY, &secrets, NOW), Err(BadSignature::Wrong));
        assert_eq!(verify(None, BODY, &secrets, NOW), Err(BadSignature::Missing));
    }

    #[test]
    fn only_headers_of_the_documented_form_are_accepted() {
        let good = sign("whsec_a", NOW, BODY);
        for header in [
            String::new(),
            "nonsense".to_owned(),
            format!("v1={good}"),
            format!("t=,v1={good}"),
            format!("t=-5,v1={good}"),
            format!("t={NOW},t={NOW},v1={good}"),
            format!("t=99999999999999999999,v1={good}"),
            format!("t=0{NOW},v1={good}"),
            format!("t={NOW} ,v1={good}"),
            format!("t ={NOW},v1={good}"),
        ] {
            assert_eq!(verify_body(&header, &["whsec_a"]), Err(BadSignature::Malformed), "{header}");
        }
        let upper = good.to_uppercase();
        assert_eq!(verify_body(&format!("t={NOW},v1={upper}"), &["whsec_a"]), Err(BadSignature::Wrong));
        for header in [format!("t={NOW}"), format!("t={NOW}, v1={good}"), format!("t={NOW},v1= {good}")] {
            assert_eq!(verify_body(&header, &["whsec_a"]), Err(BadSignature::Wrong), "{header}");
        }
        assert_eq!(verify_body(&format!("t={NOW},,v1={good},"), &["whsec_a"]), Ok(()));
    }
}
