//! Message authentication codes, which only the holder of the key can create and verify.

use aws_lc_rs::hmac;

/// A key for HMAC-SHA256 (RFC 2104).
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// Creates a key from its secret value.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Returns the authentication code of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        hmac::sign(&self.0, message).as_ref().try_into().expect("an HMAC-SHA256 code must have 32 bytes")
    }

    /// Whether `code` is the authentication code of the message. The check takes the same time for every wrong code,
    /// so an attacker learns nothing from the time.
    pub fn verifies(&self, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.0, message, code).is_ok()
    }
}
