//! What is kept of a token.

use crate::api::Token;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a token: all that storage knows of it. 256 random bits need no salt and no stretch.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    /// Of any text: one that is no token is simply unknown.
    pub(crate) fn of(token: &Token) -> Self {
        Self(digest(&token.0))
    }
}

/// SHA-256 of a text: secrets are compared by it, so that the time tells nothing.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
