//! The settings of one crate.

use crate::{Contradiction, Setting};

/// The settings of one crate or extension, with their defaults.
pub trait Table: Clone + Default + Send + Sync + 'static {
    /// Returns one row per setting. No two rows may have the same key.
    #[must_use]
    fn rows() -> Vec<Setting<Self>>;

    /// Checks settings that are valid one by one but contradict each other.
    fn check(&self) -> Result<(), Contradiction> {
        Ok(())
    }
}
