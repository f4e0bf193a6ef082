//! A map keyed by type.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map keyed by the type of an event or request.
pub(crate) type TypeMap<T> = HashMap<TypeId, T, BuildHasherDefault<TypeIdHasher>>;

/// Uses the type id itself, which is already a hash: hashing it again costs as much as queueing an
/// event.
#[derive(Default)]
pub(crate) struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Correct even if a type id is ever written in pieces.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
