//! A supporter token, or `HEAD\nCLAIMS` to be signed with our own key: random bytes would never be signed.

use std::sync::OnceLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keepopen::config::Secret;
use keepopen::keys::{BadToken, Purpose, SealedKey, SigningKey, Tokens, Vault};

use super::NOW_S;

const NOW_MS: i64 = NOW_S * 1000;
const ISSUER: &str = "https://give.example.org";
const KID: &str = "fixed";

/// Only tokens signed with our key are accepted, only for their issuer, site and time, and with the same result from the cache.
pub fn token(data: &[u8]) {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let keys = KEYS.get_or_init(Keys::make);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let token = match text.split_once('\n') {
        Some((head, claims)) => keys.sign(&head.replace("{kid}", KID), claims),
        None => text.to_owned(),
    };
    let judged = keys.tokens.check_any_site(&token, Purpose::Asking, NOW_MS);
    assert_eq!(
        keys.tokens.check_any_site(&token, Purpose::Asking, NOW_MS),
        judged,
        "the cached result differs from the first one"
    );
    for at_ms in [i64::MIN, 0, i64::MAX] {
        let _ = keys.tokens.check(&token, Purpose::Asking, "journal", at_ms);
    }
    let Ok(claims) = judged else { return };
    assert_eq!(claims.iss, ISSUER);
    assert!(claims.exp > NOW_S);
    assert_eq!(keys.tokens.check(&token, Purpose::Asking, &claims.aud, NOW_MS).as_ref(), Ok(&claims));
    let other = format!("{}x", claims.aud);
    assert_eq!(keys.tokens.check(&token, Purpose::Asking, &other, NOW_MS), Err(BadToken::OtherSite));
    assert_eq!(keys.tokens.check_any_site(&token, Purpose::Asking, i64::MAX), Err(BadToken::Expired));
    // Ed25519 signatures are deterministic: no other signature is valid for this token.
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else { panic!("accepted without three parts: {token}") };
    assert_eq!(keys.signature(head, body), signature, "accepted with another signature");
    assert!(keys.tokens.check_any_site(&format!("{token}A"), Purpose::Asking, NOW_MS).is_err());
}

struct Keys {
    pair: Ed25519KeyPair,
    tokens: Tokens,
}

impl Keys {
    fn make() -> Self {
        let seed = [9; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("every 32 bytes are a seed");
        let sealing = Secret::from(STANDARD.encode([7; 32]).as_str());
        let vault = Vault::open(&sealing, std::path::Path::new("unused")).expect("the key is of 32 bytes");
        let kept = SealedKey {
            kid: KID.to_owned(),
            public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            sealed: URL_SAFE_NO_PAD.encode(vault.seal(&seed, KID)),
        };
        let key = SigningKey::open(&vault, &kept).expect("it was sealed a line above");
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
