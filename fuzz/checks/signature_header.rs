//! Checks the signature of a webhook delivery. The input is the signature header, a line break, and the body.
//!
//! The header may contain placeholders, because random bytes would never be a valid signature. `{good}` stands for a
//! valid signature, `{old}` for a valid one that is too old, and `{other}` for one with an unknown secret. `{now}`
//! stands for the time of the valid signature, and `{then}` for the time of the old one.

use aws_lc_rs::hmac;
use keepopen::config::Secret;
use keepopen::stripe::{BadSignature, TOLERANCE_S, verify};

use super::NOW_S;

const OLD_S: i64 = NOW_S - TOLERANCE_S - 1;

/// Checks that a delivery is accepted only with a valid signature of its own body, and only soon after the signature.
pub fn signature_header(data: &[u8]) {
    let (first_line, body) = split(data);
    let Ok(template) = std::str::from_utf8(first_line) else { return };
    let secrets = ["whsec_first", "whsec_second"].map(Secret::from);
    let good = sign("whsec_second", NOW_S, body);
    let header = template
        .replace("{now}", &NOW_S.to_string())
        .replace("{then}", &OLD_S.to_string())
        .replace("{good}", &good)
        .replace("{old}", &sign("whsec_second", OLD_S, body))
        .replace("{other}", &sign("whsec_other", NOW_S, body));
    let result = verify(Some(&header), body, &secrets, NOW_S);
    if result.is_ok() {
        assert!(header.contains(&format!("v1={good}")), "accepted without a valid signature: {header}");
        assert!(
            header.contains(&format!("t={NOW_S}")),
            "accepted without the time of the signature: {header}"
        );
        let forged = header.replace(&good, &sign("whsec_other", NOW_S, body));
        assert_eq!(verify(Some(&forged), body, &secrets, NOW_S), Err(BadSignature::Wrong));
        let mut other_body = body.to_vec();
        other_body.push(b' ');
        assert_eq!(verify(Some(&header), &other_body, &secrets, NOW_S), Err(BadSignature::Wrong));
        let later_s = NOW_S + TOLERANCE_S + 1;
        assert_eq!(verify(Some(&header), body, &secrets, later_s), Err(BadSignature::Stale));
    }
    let header_with_unknown_scheme = format!("{header},v2=what-may-come");
    assert_eq!(
        verify(Some(&header_with_unknown_scheme), body, &secrets, NOW_S),
        result,
        "an unknown signature scheme changes the result"
    );
}

/// Splits the input into the first line and the rest.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, b"{}"),
    }
}

fn sign(secret: &str, at_s: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut signed = format!("{at_s}.").into_bytes();
    signed.extend_from_slice(body);
    hmac::sign(&key, &signed).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
