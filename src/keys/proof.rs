//! Verifies a token that is not cached.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;

use super::check_rate::{CheckRate, NoRoom};
use super::issue::TYPE;
use super::{Asker, Claims, SigningKey};
use crate::ids::SupporterId;

/// Why a token could not be verified.
pub(super) enum Unproven {
    /// The token was not issued here.
    Bad,
    /// There was no capacity to check the token.
    NoRoom(NoRoom),
}

/// Returns the claims of a token that one of the keys signed. The signature is checked last, and only if there is
/// capacity.
pub(super) fn prove(
    token: &str,
    keys: &[SigningKey],
    validation: &Validation,
    rate: Option<&CheckRate>,
    asker: Asker<'_>,
) -> Result<Claims, Unproven> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Unproven::Bad)?;
    let key = keys.iter().find(|key| header.kid.as_deref() == Some(&key.kid));
    let key = key.filter(|_| is_ours(&header)).ok_or(Unproven::Bad)?;
    let supporter = supporter_in(token).ok_or(Unproven::Bad)?;
    let address = rate.and_then(|_| (asker.address)());
    if let Some(rate) = rate {
        rate.take(asker.purpose, address, &supporter).map_err(Unproven::NoRoom)?;
    }
    let checked = jsonwebtoken::decode::<Claims>(token, &key.decoding, validation);
    match (&checked, rate) {
        (Ok(_), Some(rate)) => rate.was_good(&supporter),
        // Other errors are not counted: a token with a valid signature and wrong claims is not an attempt at forgery.
        (Err(error), Some(rate)) if matches!(error.kind(), ErrorKind::InvalidSignature) => {
            rate.was_bad(address)
        }
        _ => {}
    }
    checked.map(|data| data.claims).map_err(|_| Unproven::Bad)
}

/// Whether a token's header is one that Keepopen writes. Critical extensions (`crit`, RFC 7515, 4.1.11) are not
/// supported, and `b64` would change what is signed (RFC 7797).
fn is_ours(header: &Header) -> bool {
    let plain = header.crit.is_none() && !header.extras.inner().contains_key("b64");
    plain && header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE)
}

/// Returns the supporter that a token names, without checking the signature.
fn supporter_in(token: &str) -> Option<SupporterId> {
    #[derive(Deserialize)]
    struct Named {
        sub: SupporterId,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Named>(&claims).ok().map(|named| named.sub)
}
