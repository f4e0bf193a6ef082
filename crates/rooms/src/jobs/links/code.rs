//! The code of a link. It is made of random bits that are stored and of the client's own id for the
//! creation, which is not, so that a repeat gets the same code and a copy of the store gives none away.

use crate::api::LinkCode;
use crate::store::links::Hash;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// The bytes of a code: 192 bits.
const CODE_BYTES: usize = 24;

/// Returns the code of a link.
pub(super) fn code(nonce: &[u8], cid: &str) -> LinkCode {
    let hash = digest(b"code", &[nonce, cid.as_bytes()]);
    LinkCode(URL_SAFE_NO_PAD.encode(&hash[..CODE_BYTES]))
}

/// Returns what storage keeps of a code; any text will do, since storage does not know a wrong one.
pub(crate) fn code_hash(code: &LinkCode) -> Hash {
    digest(b"hash", &[code.0.as_bytes()])
}

/// Returns what storage keeps of the client's own id.
pub(super) fn cid_hash(cid: &str) -> Hash {
    digest(b"cid", &[cid.as_bytes()])
}

/// Hashes the parts for one purpose. Only the last part may vary in length, so that no two lists of parts
/// have the same bytes.
fn digest(purpose: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new_with_prefix(b"parlor link ");
    hash.update(purpose);
    hash.update([0]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_again_for_the_same_creation_alone() {
        let first = code(&[1; 32], "mine");
        assert_eq!(first, code(&[1; 32], "mine"));
        assert_ne!(first, code(&[2; 32], "mine"));
        assert_ne!(first, code(&[1; 32], "other"));
        assert_eq!(first.0.len(), 32);
        let is_safe = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
        assert!(first.0.bytes().all(is_safe), "it goes into an address");
    }

    #[test]
    fn no_hash_gives_another_away() {
        let text = "the same text";
        let hashes = [code_hash(&LinkCode(text.to_owned())), cid_hash(text)];
        assert_ne!(hashes[0], hashes[1]);
    }
}
