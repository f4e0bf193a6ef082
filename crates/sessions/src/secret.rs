//! Hashes of secrets.

use crate::api::Token;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a token, which is what storage holds. 256 random bits need no salt or stretching.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    /// Hashes a token; any text will do, since storage does not know an invalid one.
    pub(crate) fn of(token: &Token) -> Self {
        Self(digest(&token.0))
    }
}

/// Returns the SHA-256 of a text. Compare secrets by it, so that the time reveals nothing.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    digest_bytes(text.as_bytes())
}

/// Returns the SHA-256 of some bytes.
pub(crate) fn digest_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
