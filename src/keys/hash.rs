//! SHA-256.

use aws_lc_rs::digest;

/// The hash of a message.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::begin();
    hash.update(message);
    hash.finish()
}

/// The hash of a message in pieces.
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Starts with no piece.
    pub fn begin() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds a piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces in order.
    pub fn finish(self) -> [u8; 32] {
        self.0.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}
