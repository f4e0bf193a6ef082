//! Who is online now: a shared snapshot, written by sessions alone.

use super::UserId;

/// Who counts as online, grace included. A cheap handle for readers.
#[derive(Clone, Default)]
pub struct Online {
    _private: (),
}

impl Online {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        unimplemented!()
    }
    /// Whether this user counts as online.
    #[must_use]
    pub fn contains(&self, _user: UserId) -> bool {
        unimplemented!()
    }
    /// How many are.
    #[must_use]
    pub fn count(&self) -> usize {
        unimplemented!()
    }
}
