//! Ids on the wire: their text.

use serde::ser::{Serialize, Serializer};
use std::fmt::Display;

/// An id whose `Display` is its wire form.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
