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

/// Why a token is not verified.
pub(super) enum Unproven {
    /// It is not one of ours.
    Bad,
    /// There was no capacity to check it.
    NoRoom(NoRoom),
}

/// The claims of a token that one of the keys signed. The signature is checked last, and only if there is capacity.
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
        // A valid signature over something else is not an attempt at forgery.
        (Err(error), Some(rate)) if matches!(error.kind(), ErrorKind::InvalidSignature) => {
            rate.was_bad(address)
        }
        _ => {}
    }
    checked.map(|data| data.claims).map_err(|_| Unproven::Bad)
}

/// Whether a token's header is one that we write. We support no critical extension (`crit`, RFC 7515, 4.1.11), and `b64`
/// would change what is signed (RFC 7797).
fn is_ours(header: &Header) -> bool {
    let plain = header.crit.is_none() && !header.extras.inner().contains_key("b64");
    plain && header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE)
}

/// The supporter that a token names. Does not check the signature.
fn supporter_in(token: &str) -> Option<SupporterId> {
    #[derive(Deserialize)]
    struct Named {
        sub: SupporterId,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Named>(&claims).ok().map(|named| named.sub)
}
