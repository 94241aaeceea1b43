//! Verifies a token that is not cached.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;

use super::check_rate::{CheckRate, NoCapacity};
use super::issue::TYPE;
use super::{Claims, SigningKey, TokenSender};
use crate::ids::SupporterId;

/// Why a token could not be verified.
pub(super) enum Unverified {
    /// The token was not issued here.
    Bad,
    /// There was no capacity to check the token.
    Skipped(NoCapacity),
}

/// Returns the claims of a token that one of the keys signed. The signature is checked last, and only if there is
/// capacity.
pub(super) fn verify(
    token: &str,
    keys: &[SigningKey],
    validation: &Validation,
    rate: Option<&CheckRate>,
    sender: TokenSender<'_>,
) -> Result<Claims, Unverified> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Unverified::Bad)?;
    let key = keys.iter().find(|key| header.kid.as_deref() == Some(&key.kid));
    let key = key.filter(|_| is_ours(&header)).ok_or(Unverified::Bad)?;
    let supporter = read_supporter(token).ok_or(Unverified::Bad)?;
    let address = rate.and_then(|_| (sender.address)());
    if let Some(rate) = rate {
        rate.take(sender.purpose, address, &supporter).map_err(Unverified::Skipped)?;
    }
    let checked = jsonwebtoken::decode::<Claims>(token, &key.decoding, validation);
    match (&checked, rate) {
        (Ok(_), Some(rate)) => rate.record_valid(&supporter),
        // Other errors are not counted: a token with a valid signature and wrong claims is not an attempt at forgery.
        (Err(error), Some(rate)) if matches!(error.kind(), ErrorKind::InvalidSignature) => {
            rate.record_wrong_signature(address)
        }
        _ => {}
    }
    checked.map(|data| data.claims).map_err(|_| Unverified::Bad)
}

/// Whether a token's header is one that Keepopen writes. Critical extensions (`crit`, RFC 7515, 4.1.11) are not
/// supported, and `b64` would change what is signed (RFC 7797).
fn is_ours(header: &Header) -> bool {
    let has_no_extensions = header.crit.is_none() && !header.extras.inner().contains_key("b64");
    has_no_extensions && header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE)
}

/// Returns the supporter that a token names, without checking the signature.
fn read_supporter(token: &str) -> Option<SupporterId> {
    #[derive(Deserialize)]
    struct Named {
        sub: SupporterId,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Named>(&claims).ok().map(|named| named.sub)
}
