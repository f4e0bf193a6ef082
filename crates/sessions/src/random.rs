//! Randomness, as a parameter.

use crate::api::{SessionId, Token, UserId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore as _;
use uuid::Builder;

/// The source of randomness for tokens and ids.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes.
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

/// Creates a token of 256 random bits.
pub(crate) fn token(random: &dyn Random) -> Token {
    let mut bits = [0; 32];
    random.fill(&mut bits);
    Token(URL_SAFE_NO_PAD.encode(bits))
}

/// Creates a user id.
pub(crate) fn user_id(random: &dyn Random, now_ms: i64) -> UserId {
    UserId(time_ordered(random, now_ms))
}

/// Creates a session id.
pub(crate) fn session_id(random: &dyn Random, now_ms: i64) -> SessionId {
    SessionId(time_ordered(random, now_ms))
}

/// Creates a `UUIDv7`, so that rows created together are close in the index.
fn time_ordered(random: &dyn Random, now_ms: i64) -> [u8; 16] {
    let mut bits = [0; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now_ms).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &bits)
        .into_uuid()
        .into_bytes()
}
