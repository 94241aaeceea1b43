//! Derives a supporter's id from the e-mail address, without revealing it.

use super::MacKey;
use crate::ids::SupporterId;

/// Returns the supporter id for a normalised e-mail address.
///
/// The id is a keyed hash. To anyone without `key`, it looks like a random number. All instances with the same key
/// derive the same id from an address. The id depends on nothing else, so the order in which Stripe delivers events
/// does not matter.
pub fn supporter_id(key: &MacKey, email: &str) -> SupporterId {
    let code = key.sign(email.as_bytes());
    SupporterId::from_bytes(*code.first_chunk().expect("a code must have 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supporter_id_depends_on_the_address_and_the_key() {
        let (key, other) = (MacKey::new(b"one"), MacKey::new(b"two"));
        let id = supporter_id(&key, "reader@example.org");
        assert_eq!(id, supporter_id(&key, "reader@example.org"));
        assert_ne!(id, supporter_id(&key, "reader2@example.org"));
        assert_ne!(id, supporter_id(&other, "reader@example.org"));
    }
}
