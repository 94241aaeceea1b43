//! Ed25519 keys that sign supporter tokens (RFC 8037).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::json;

use super::{Vault, sha256};
use crate::clock;

/// The header of a PKCS#8 v1 document with an Ed25519 seed (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A key that signs and verifies tokens.
pub struct SigningKey {
    /// The key's id: its JWK thumbprint (RFC 7638).
    pub kid: String,
    /// The public half of the key, as base64url.
    pub public: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

/// A stored key, whose private half is encrypted.
#[derive(Clone, Debug)]
pub struct SealedKey {
    /// The key's id.
    pub kid: String,
    /// The public half of the key, as base64url.
    pub public: String,
    /// The encrypted private half of the key, as base64url.
    pub sealed: String,
}

/// A stored key can't be decrypted.
#[derive(Debug, thiserror::Error)]
#[error(
    "the signing key {0} can't be decrypted: the encryption key is not the one it was encrypted with. Put back the key file (keepopen.key in the data folder) or tokens.encryption_key"
)]
pub struct UnsealError(String);

impl SigningKey {
    /// Creates a key, and encrypts it for storage.
    pub fn make(vault: &Vault) -> SealedKey {
        let seed = clock::random_bytes::<32>();
        let public = public_key_of(&seed).expect("any 32 bytes must be a valid seed");
        let kid = thumbprint(&public);
        let sealed = URL_SAFE_NO_PAD.encode(vault.seal(&seed, &kid));
        SealedKey { kid, public, sealed }
    }

    /// Decrypts a stored key.
    ///
    /// # Errors
    /// The key was encrypted with another encryption key, or is damaged.
    pub fn open(vault: &Vault, stored: &SealedKey) -> Result<Self, UnsealError> {
        let failed = || UnsealError(stored.kid.clone());
        let sealed = URL_SAFE_NO_PAD.decode(&stored.sealed).map_err(|_| failed())?;
        let seed = vault.unseal(&sealed, &stored.kid).ok_or_else(failed)?;
        if public_key_of(&seed).as_ref() != Some(&stored.public) {
            return Err(failed());
        }
        let mut pkcs8 = PKCS8_HEAD.to_vec();
        pkcs8.extend_from_slice(&seed);
        Ok(Self {
            kid: stored.kid.clone(),
            encoding: EncodingKey::from_ed_der(&pkcs8),
            decoding: DecodingKey::from_ed_components(&stored.public).map_err(|_| failed())?,
            public: stored.public.clone(),
        })
    }

    /// The public half as a JSON Web Key.
    pub fn jwk(&self) -> serde_json::Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": self.public, "kid": self.kid, "use": "sig", "alg": "EdDSA"})
    }
}

/// Returns the public half of the key with this seed, as base64url. `None` if the seed has the wrong length.
fn public_key_of(seed: &[u8]) -> Option<String> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    Some(URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()))
}

/// The JWK thumbprint (RFC 7638): the SHA-256 of the required members, ordered by name.
fn thumbprint(public: &str) -> String {
    let required = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(required.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::thumbprint;

    #[test]
    fn the_thumbprint_matches_the_example_in_rfc_8037() {
        // RFC 8037, appendix A.3.
        let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(public), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
