//! Sessions of people who sign in on a page. The browser keeps the session's secret in a cookie. The service stores
//! only the hash of the secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{MacKey, sha256, signed_value};
use crate::clock;

/// The number of random bytes in a form token. They make each token different. So an attacker can't guess a token from
/// the sizes of several compressed pages that contain it (the attack BREACH).
const NONCE_LEN: usize = 16;

/// The secret of a session: 256 random bits. Anyone who knows the secret is signed in.
pub struct SessionSecret([u8; 32]);

impl SessionSecret {
    /// Creates the secret of a new session.
    pub fn make() -> Self {
        Self(clock::random_bytes())
    }

    /// Reads a secret from a cookie's value. `None` if the value has the wrong form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Returns the secret as a cookie's value.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the hash to store, and to look the session up with. The secret has 256 random bits, so a plain SHA-256
    /// can't be brute-forced.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// Returns a new token for a form of this session. `form` names the form, for example by its path.
    pub fn form_token(&self, form: &str) -> String {
        signed_value::sign(clock::random_bytes::<NONCE_LEN>().to_vec(), &self.form_key(form))
    }

    /// Whether the token was made for this form in this session.
    pub fn accepts_form_token(&self, form: &str, token: &str) -> bool {
        signed_value::read(token, &self.form_key(form)).is_some_and(|nonce| nonce.len() == NONCE_LEN)
    }

    /// The key that signs the tokens of one form. Another session or another form has another key.
    fn form_key(&self, form: &str) -> MacKey {
        MacKey::new(&MacKey::new(&self.0).sign(format!("form {form}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_can_be_written_to_a_cookie_and_read_back() {
        let secret = SessionSecret::make();
        let read = SessionSecret::parse(&secret.to_text()).unwrap();
        assert_eq!(read.hash(), secret.hash());
        assert_ne!(SessionSecret::make().hash(), secret.hash());
    }

    #[test]
    fn a_cookie_value_of_the_wrong_form_is_rejected() {
        let good = SessionSecret::make().to_text();
        let bad =
            [String::new(), "x".to_owned(), good[1..].to_owned(), format!("{good}AA"), format!(" {good}")];
        for text in bad {
            assert!(SessionSecret::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_form_token_is_accepted_only_for_its_form_and_session() {
        let (ours, theirs) = (SessionSecret::make(), SessionSecret::make());
        let token = ours.form_token("/appeals");
        assert!(ours.accepts_form_token("/appeals", &token));
        assert!(!ours.accepts_form_token("/keys", &token), "the token was accepted for another form");
        assert!(!theirs.accepts_form_token("/appeals", &token), "the token was accepted in another session");
        for changed in ["", "AAAA", &token[1..], &format!("{token}A")] {
            assert!(!ours.accepts_form_token("/appeals", changed), "{changed}");
        }
    }

    #[test]
    fn each_form_token_is_different() {
        let secret = SessionSecret::make();
        assert_ne!(secret.form_token("/appeals"), secret.form_token("/appeals"));
    }
}
