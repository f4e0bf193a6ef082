//! Who is online now: a shared set, written only by sessions.

use super::UserId;
use parking_lot::RwLock;
use std::collections::HashSet;
use std::sync::Arc;

/// The users who count as online, including those in a grace period. A cheap handle.
#[derive(Clone, Default)]
pub struct Online {
    users: Arc<RwLock<HashSet<UserId>>>,
}

impl Online {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether this user counts as online.
    #[must_use]
    pub fn contains(&self, user: UserId) -> bool {
        self.users.read().contains(&user)
    }

    /// Returns the number of online users.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.read().len()
    }

    pub(crate) fn insert(&self, user: UserId) {
        self.users.write().insert(user);
    }

    pub(crate) fn remove(&self, user: UserId) {
        self.users.write().remove(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_sees_what_the_writer_wrote() {
        let writer = Online::new();
        let reader = writer.clone();
        writer.insert(UserId([1; 16]));
        assert!(reader.contains(UserId([1; 16])));
        assert_eq!(reader.count(), 1);
        writer.remove(UserId([1; 16]));
        assert!(!reader.contains(UserId([1; 16])));
    }
}
