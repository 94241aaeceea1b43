//! SHA-256 hashes.

use aws_lc_rs::digest;

/// Returns the hash of a message.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::begin();
    hash.update(message);
    hash.finish()
}

/// Computes the hash of a message that arrives in pieces.
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Starts with an empty message.
    pub fn begin() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds a piece to the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// Returns the hash of all pieces in order.
    pub fn finish(self) -> [u8; 32] {
        self.0.finish().as_ref().try_into().expect("a SHA-256 hash must have 32 bytes")
    }
}
