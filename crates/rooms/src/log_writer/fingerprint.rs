//! The fingerprint of a message as first sent, by which a repeat is compared with it.

use crate::api::Seq;
use sha2::{Digest as _, Sha256};

/// Returns the first sixteen bytes of SHA-256 over `reply_to` and body.
pub(crate) fn of(body: &str, reply_to: Option<Seq>) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(reply_to.unwrap_or(0).to_be_bytes());
    hash.update(body.as_bytes());
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&hash.finalize()[..16]);
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn another_body_or_reply_to_has_another_fingerprint() {
        assert_eq!(of("hello", None), of("hello", None));
        assert_ne!(of("hello", None), of("hello!", None));
        assert_ne!(of("hello", None), of("hello", Some(7)));
    }
}
