//! Randomness, as a parameter.

use crate::api::{SessionId, Token, UserId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore as _;
use uuid::Builder;

/// Where tokens and ids come from.
pub trait Random: Send + Sync + 'static {
    /// Fills with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// The process's generator, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// A new token: 256 random bits.
pub(crate) fn token(random: &dyn Random) -> Token {
    let mut bits = [0; 32];
    random.fill(&mut bits);
    Token(URL_SAFE_NO_PAD.encode(bits))
}

/// A new user's id.
pub(crate) fn user_id(random: &dyn Random, now_ms: i64) -> UserId {
    UserId(time_ordered(random, now_ms))
}

/// A new session's id.
pub(crate) fn session_id(random: &dyn Random, now_ms: i64) -> SessionId {
    SessionId(time_ordered(random, now_ms))
}

/// `UUIDv7`: rows that are made together lie together in the index.
fn time_ordered(random: &dyn Random, now_ms: i64) -> [u8; 16] {
    let mut bits = [0; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now_ms).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &bits)
        .into_uuid()
        .into_bytes()
}
