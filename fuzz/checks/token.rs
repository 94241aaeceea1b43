//! Checks supporter tokens. The input is a token, or a header and claims on two lines. In the second case, the check
//! signs the header and the claims with our own key, because random bytes would never be signed correctly.

use std::sync::OnceLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keepopen::config::Secret;
use keepopen::keys::{BadToken, CheckPurpose, SealedKey, SigningKey, Tokens, Vault};

use super::NOW_S;

const NOW_MS: i64 = NOW_S * 1000;
const ISSUER: &str = "https://give.example.org";
const KID: &str = "fixed";

/// Checks that a token is accepted only if our key signed it, and only for its issuer, site and time. Checks that the
/// cache returns the same result.
pub fn token(data: &[u8]) {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let keys = KEYS.get_or_init(Keys::create);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let token = match text.split_once('\n') {
        Some((head, claims)) => keys.sign(&head.replace("{kid}", KID), claims),
        None => text.to_owned(),
    };
    let result = keys.tokens.check_any_site(&token, CheckPurpose::Asking, NOW_MS);
    assert_eq!(
        keys.tokens.check_any_site(&token, CheckPurpose::Asking, NOW_MS),
        result,
        "the cached result differs from the first one"
    );
    // A check at an extreme time may return any result, but it must not panic.
    for at_ms in [i64::MIN, 0, i64::MAX] {
        let _ = keys.tokens.check(&token, CheckPurpose::Asking, "journal", at_ms);
    }
    let Ok(claims) = result else { return };
    assert_eq!(claims.iss, ISSUER);
    assert!(claims.exp > NOW_S);
    assert_eq!(keys.tokens.check(&token, CheckPurpose::Asking, &claims.aud, NOW_MS).as_ref(), Ok(&claims));
    let other_site = format!("{}x", claims.aud);
    assert_eq!(
        keys.tokens.check(&token, CheckPurpose::Asking, &other_site, NOW_MS),
        Err(BadToken::OtherSite)
    );
    assert_eq!(keys.tokens.check_any_site(&token, CheckPurpose::Asking, i64::MAX), Err(BadToken::Expired));
    // Ed25519 signatures are deterministic, so no other signature may be valid for this token.
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else {
        panic!("a token without three parts was accepted: {token}")
    };
    assert_eq!(keys.signature(head, body), signature, "a token with another signature was accepted");
    assert!(keys.tokens.check_any_site(&format!("{token}A"), CheckPurpose::Asking, NOW_MS).is_err());
}

struct Keys {
    pair: Ed25519KeyPair,
    tokens: Tokens,
}

impl Keys {
    fn create() -> Self {
        let seed = [9; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes must be a valid seed");
        let sealing = Secret::from(STANDARD.encode([7; 32]).as_str());
        let vault =
            Vault::open(&sealing, std::path::Path::new("unused")).expect("a key of 32 bytes must be valid");
        let sealed_key = SealedKey {
            kid: KID.to_owned(),
            public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            sealed: URL_SAFE_NO_PAD.encode(vault.seal(&seed, KID)),
        };
        let key = SigningKey::open(&vault, &sealed_key).expect("a key that was just sealed must open");
        Self { pair, tokens: Tokens::new(ISSUER.to_owned(), vec![key]) }
    }

    fn sign(&self, head: &str, claims: &str) -> String {
        let (head, claims) = (URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(&head, &claims);
        format!("{head}.{claims}.{signature}")
    }

    fn signature(&self, head: &str, claims: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(format!("{head}.{claims}").as_bytes()).as_ref())
    }
}
