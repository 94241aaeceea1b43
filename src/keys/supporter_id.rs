//! Derives a supporter's id from the e-mail address, without revealing it.

use super::MacKey;
use crate::ids::SupporterId;

/// The supporter id for a normalised e-mail address.
///
/// It is a keyed hash. Without `key` it looks like a random number. With it, the id is the same whichever of two events
/// names the person first, so the ledger does not depend on the order of delivery.
pub fn supporter_id(key: &MacKey, email: &str) -> SupporterId {
    let code = key.sign(email.as_bytes());
    SupporterId::from_bytes(*code.first_chunk().expect("a code has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supporter_id_hangs_on_the_address_and_on_the_key() {
        let (key, other) = (MacKey::new(b"one"), MacKey::new(b"two"));
        let id = supporter_id(&key, "reader@example.org");
        assert_eq!(id, supporter_id(&key, "reader@example.org"));
        assert_ne!(id, supporter_id(&key, "reader2@example.org"));
        assert_ne!(id, supporter_id(&other, "reader@example.org"));
    }
}
