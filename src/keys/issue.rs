//! Issues and checks supporter tokens.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::{Algorithm, Header, Validation};

use super::check_rate::{CheckRate, NoCapacity};
use super::checked::Checked;
use super::epochs::Epochs;
use super::proof::{Unverified, verify};
use super::{CheckLimits, Claims, SigningKey, TokenSender};
use crate::clock::Clock;
use crate::telemetry::{Counts, TokenCheck};

/// The media type in a token's header. Nothing else that Keepopen signs has this type (RFC 8725, 3.11).
pub(super) const TYPE: &str = "supporter+jwt";
/// The maximum length of a token, in bytes.
const MAX_LEN: usize = 4096;

/// Issues and checks supporter tokens.
pub struct Tokens {
    issuer: String,
    /// The keys. The first one signs new tokens. All of them verify tokens.
    keys: ArcSwap<Vec<SigningKey>>,
    validation: Validation,
    /// The cache of valid tokens.
    checked: Checked,
    /// The limit on signature checks. `None` for no limit.
    rate: Option<CheckRate>,
    counts: Counts<TokenCheck>,
    /// Recently raised epochs, in memory, so that banner requests need no database.
    pub epochs: Epochs,
}

/// Why a token is rejected.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadToken {
    /// The token was not issued here: its form, key, algorithm, type, issuer or signature is wrong.
    #[error("the token is invalid")]
    Invalid,
    /// The token was issued for another site.
    #[error("the token is for another site")]
    OtherSite,
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The token was withdrawn, because the supporter's epoch was raised: a payment was fully reversed.
    #[error("the token was withdrawn")]
    Superseded,
    /// There was no capacity to check the token, for this client or for all clients. The token may be valid.
    #[error("there are too many tokens to check")]
    Unchecked,
}

impl Tokens {
    /// Creates an issuer with `keys`. There must be at least one key. The first one signs.
    pub fn new(issuer: String, keys: Vec<SigningKey>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time and audience are checked below, on every use of a token, even a cached one. The time comes from our own
        // clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            issuer,
            keys: ArcSwap::from_pointee(keys),
            validation,
            checked: Checked::default(),
            rate: None,
            counts: Counts::unread(),
            epochs: Epochs::default(),
        }
    }

    /// Sets the limits on signature checks.
    #[must_use]
    pub fn with_limits(self, limits: &CheckLimits, clock: &Clock) -> Self {
        Self { rate: Some(CheckRate::new(limits, clock)), ..self }
    }

    /// Sets the counters for the outcomes of checks.
    #[must_use]
    pub fn with_counts(self, counts: Counts<TokenCheck>) -> Self {
        Self { counts, ..self }
    }

    /// Replaces the keys. There must be at least one key. The first one signs. Tokens of removed keys are no longer
    /// valid.
    pub fn set_keys(&self, keys: Vec<SigningKey>) {
        self.keys.store(Arc::new(keys));
        self.checked.clear();
    }

    /// The issuer of the tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Claims) -> String {
        let keys = self.keys.load();
        let key = keys.first().expect("there must be at least one key");
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(key.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &key.encoding)
            .expect("a decrypted key must be able to sign, and claims must be serialisable as JSON")
    }

    /// Checks a token presented to `site` at `now_ms`.
    ///
    /// # Errors
    /// See [`BadToken`].
    pub fn check<'a>(
        &self,
        token: &str,
        sender: impl Into<TokenSender<'a>>,
        site: &str,
        now_ms: i64,
    ) -> Result<Arc<Claims>, BadToken> {
        let claims = self.check_any_site(token, sender, now_ms)?;
        if claims.aud == site { Ok(claims) } else { Err(BadToken::OtherSite) }
    }

    /// Checks a token for any site.
    ///
    /// # Errors
    /// See [`BadToken`].
    pub fn check_any_site<'a>(
        &self,
        token: &str,
        sender: impl Into<TokenSender<'a>>,
        now_ms: i64,
    ) -> Result<Arc<Claims>, BadToken> {
        if token.len() > MAX_LEN {
            self.counts.count(TokenCheck::Bad);
            return Err(BadToken::Invalid);
        }
        let claims = match self.checked.get(token) {
            Some(claims) => {
                self.counts.count(TokenCheck::Remembered);
                claims
            }
            None => self.check_new(token, sender.into())?,
        };
        if claims.nbf.is_some_and(|nbf| now_ms < nbf.saturating_mul(1000)) {
            return Err(BadToken::Invalid);
        }
        if claims.exp.saturating_mul(1000) <= now_ms {
            return Err(BadToken::Expired);
        }
        if self.epochs.is_superseded(&claims) { Err(BadToken::Superseded) } else { Ok(claims) }
    }

    /// Checks a token that is not cached.
    fn check_new(&self, token: &str, sender: TokenSender<'_>) -> Result<Arc<Claims>, BadToken> {
        let (outcome, checked) = match self.check_signature(token, sender) {
            Ok(claims) => {
                let claims = Arc::new(claims);
                self.checked.remember(token, &claims);
                (TokenCheck::Good, Ok(claims))
            }
            Err(Unverified::Bad) => (TokenCheck::Bad, Err(BadToken::Invalid)),
            Err(Unverified::Skipped(NoCapacity::Limited)) => (TokenCheck::Limited, Err(BadToken::Unchecked)),
            Err(Unverified::Skipped(NoCapacity::Full)) => (TokenCheck::Unchecked, Err(BadToken::Unchecked)),
        };
        self.counts.count(outcome);
        checked
    }

    fn check_signature(&self, token: &str, sender: TokenSender<'_>) -> Result<Claims, Unverified> {
        verify(token, &self.keys.load(), &self.validation, self.rate.as_ref(), sender)
    }

    /// Returns the public keys as JSON Web Keys (RFC 7517). The key that signs is first.
    pub fn jwks(&self) -> Vec<serde_json::Value> {
        self.keys.load().iter().map(SigningKey::jwk).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::path::Path;

    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use jsonwebtoken::EncodingKey;
    use keepopen_decision::Standing;

    use super::*;
    use crate::config::Secret;
    use crate::ids::SupporterId;
    use crate::keys::{CheckPurpose, TokenScope, Vault};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn vault() -> Vault {
        Vault::open(&Secret::from(STANDARD.encode([7; 32]).as_str()), Path::new("/nonexistent/never"))
            .unwrap()
    }

    fn key() -> SigningKey {
        SigningKey::open(&vault(), &SigningKey::make(&vault())).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new("https://give.example.org".to_owned(), vec![key()])
    }

    fn claims() -> Claims {
        Claims {
            iss: "https://give.example.org".to_owned(),
            aud: "journal".to_owned(),
            sub: SupporterId::from_bytes([3; 16]),
            iat: NOW_MS / 1000,
            exp: NOW_MS / 1000 + 60,
            nbf: None,
            jti: "one".to_owned(),
            epoch: 1,
            scope: TokenScope::Standing,
            standing: Standing::Recurring,
            quiet_until: None,
            entitlements: Vec::new(),
        }
    }

    #[test]
    fn a_token_is_valid_for_its_site_until_it_expires() {
        let tokens = tokens();
        let token = tokens.sign(&claims());
        for _ in 0..2 {
            assert_eq!(*tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS).unwrap(), claims());
            assert_eq!(tokens.check(&token, CheckPurpose::Asking, "other", NOW_MS), Err(BadToken::OtherSite));
            assert!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS + 59_999).is_ok());
            assert_eq!(
                tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS + 60_000),
                Err(BadToken::Expired)
            );
        }
    }

    #[test]
    fn a_token_is_invalid_before_its_nbf_time() {
        let tokens = tokens();
        let token = tokens.sign(&Claims { nbf: Some(NOW_MS / 1000 + 1), ..claims() });
        for _ in 0..2 {
            assert_eq!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS), Err(BadToken::Invalid));
            assert!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS + 1000).is_ok());
        }
    }

    #[test]
    fn a_raised_epoch_invalidates_a_cached_token() {
        let tokens = tokens();
        let token = tokens.sign(&claims());
        assert!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS).is_ok());
        tokens.epochs.raise(&claims().sub, 1);
        assert!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS).is_ok());
        tokens.epochs.raise(&claims().sub, 2);
        assert_eq!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS), Err(BadToken::Superseded));
        tokens.epochs.raise(&claims().sub, 1);
        assert_eq!(tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS), Err(BadToken::Superseded));
    }

    #[test]
    fn a_cached_token_of_a_removed_key_is_no_longer_valid() {
        let tokens = tokens();
        let old = tokens.sign(&claims());
        assert!(tokens.check(&old, CheckPurpose::Asking, "journal", NOW_MS).is_ok());
        tokens.set_keys(vec![key()]);
        assert_eq!(tokens.check(&old, CheckPurpose::Asking, "journal", NOW_MS), Err(BadToken::Invalid));
        assert!(tokens.check(&tokens.sign(&claims()), CheckPurpose::Asking, "journal", NOW_MS).is_ok());
    }

    #[test]
    fn only_tokens_that_we_issued_are_accepted() {
        let tokens = tokens();
        let good = tokens.sign(&claims());
        let sign_as =
            |header: Header, key: &EncodingKey| jsonwebtoken::encode(&header, &claims(), key).unwrap();
        let kid = Some(tokens.keys.load()[0].kid.clone());
        let typed = Some(TYPE.to_owned());
        let eddsa = Header::new(Algorithm::EdDSA);
        let critical = Header { crit: Some(vec!["exp".to_owned()]), ..eddsa.clone() };
        let mut detached = eddsa.clone();
        detached.extras.insert("b64", true);
        let body = good.split('.').nth(1).unwrap();
        let unsigned_head = URL_SAFE_NO_PAD
            .encode(format!(r#"{{"alg":"none","typ":"{TYPE}","kid":"{}"}}"#, tokens.keys.load()[0].kid));
        // An attacker could use the public key as an HMAC secret (algorithm confusion).
        let confused = EncodingKey::from_secret(tokens.keys.load()[0].public.as_bytes());
        let mut tampered = good.clone().into_bytes();
        let middle = good.find('.').unwrap() + 20;
        tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
        let bad = [
            String::new(),
            "a.b.c".to_owned(),
            "x".repeat(MAX_LEN + 1),
            format!("{unsigned_head}.{body}."),
            String::from_utf8(tampered).unwrap(),
            sign_as(Header { kid: kid.clone(), ..eddsa.clone() }, &tokens.keys.load()[0].encoding),
            sign_as(Header { typ: typed.clone(), ..eddsa.clone() }, &tokens.keys.load()[0].encoding),
            sign_as(Header { typ: typed.clone(), kid: kid.clone(), ..eddsa }, &key().encoding),
            sign_as(
                Header { typ: typed.clone(), kid: kid.clone(), ..critical },
                &tokens.keys.load()[0].encoding,
            ),
            sign_as(
                Header { typ: typed.clone(), kid: kid.clone(), ..detached },
                &tokens.keys.load()[0].encoding,
            ),
            sign_as(Header { typ: typed, kid, ..Header::new(Algorithm::HS256) }, &confused),
            Tokens::new("https://elsewhere.example".to_owned(), vec![key()]).sign(&claims()),
        ];
        assert!(tokens.check(&good, CheckPurpose::Asking, "journal", NOW_MS).is_ok());
        for token in bad {
            assert_eq!(
                tokens.check(&token, CheckPurpose::Asking, "journal", NOW_MS),
                Err(BadToken::Invalid),
                "{token}"
            );
        }
    }

    /// The order of the curve's base point, lowest byte first (RFC 8032, section 5.1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn a_valid_token_has_one_spelling_and_only_valid_tokens_are_cached() {
        let tokens = tokens();
        let good = tokens.sign(&claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=";
        let last = signature.len() - 1;
        let mut others: Vec<String> =
            alphabet.chars().map(|end| format!("{signed}.{}{end}", &signature[..last])).collect();
        // The second half of a signature is a number. If the order of the base point is added, some implementations
        // accept the changed signature too.
        let mut changed = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut carry = 0;
        for (byte, added) in changed[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(added) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        others.push(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&changed)));
        others.push(format!("{signed}.{}", STANDARD.encode(URL_SAFE_NO_PAD.decode(signature).unwrap())));
        others.extend(["=", "==", "A", " ", "\n", "."].map(|more| format!("{good}{more}")));
        others.extend([" ", "\t"].map(|more| format!("{more}{good}")));
        others.retain(|other| *other != good);
        assert!(others.len() > 70, "the test must try enough other spellings");
        for other in others {
            assert_eq!(
                tokens.check(&other, CheckPurpose::Asking, "journal", NOW_MS),
                Err(BadToken::Invalid),
                "{other}"
            );
        }
        assert_eq!(tokens.checked.len(), 0);
        assert!(tokens.check(&good, CheckPurpose::Asking, "journal", NOW_MS).is_ok());
        assert_eq!(tokens.checked.len(), 1);
    }

    #[test]
    fn above_the_limit_new_tokens_are_not_checked_but_cached_tokens_still_are() {
        let clock = Clock::movable(jiff::Timestamp::from_millisecond(NOW_MS).unwrap());
        let [one, many] = [1, 1000].map(|limit| NonZeroU32::new(limit).unwrap());
        let limits = CheckLimits { per_second: one, address_per_second: many, address_bad_per_minute: many };
        let tokens = tokens().with_limits(&limits, &clock);
        let check = |token: &str, now_ms| tokens.check(token, CheckPurpose::Asking, "journal", now_ms);
        let (cached, new) =
            (tokens.sign(&claims()), tokens.sign(&Claims { jti: "two".to_owned(), ..claims() }));
        assert!(check(&cached, NOW_MS).is_ok());
        assert_eq!(check(&new, NOW_MS), Err(BadToken::Unchecked));
        assert_eq!(
            check("no.token.atall", NOW_MS),
            Err(BadToken::Invalid),
            "a token without a valid header must not use capacity"
        );
        assert!(check(&cached, NOW_MS).is_ok());
        assert_eq!(check(&cached, NOW_MS + 60_000), Err(BadToken::Expired));
        tokens.epochs.raise(&claims().sub, 2);
        assert_eq!(check(&cached, NOW_MS), Err(BadToken::Superseded));
        assert_eq!(tokens.check(&new, CheckPurpose::Acting, "journal", NOW_MS), Err(BadToken::Superseded));
        clock.advance(1000);
        assert_eq!(check(&cached[..cached.len() - 1], NOW_MS), Err(BadToken::Invalid));
        assert_eq!(check(&cached[..cached.len() - 2], NOW_MS), Err(BadToken::Unchecked));
    }
}
