//! Who is online now, as a subscriber's own copy.

use super::{PresenceChanged, PresenceLoaded, UserId};
use std::collections::HashSet;

/// The users who count as online, including those in a grace period. Each crate that needs them keeps
/// its own and lets it follow the facts. It may lag behind by a fact: who must be sure asks the
/// database in the transaction.
#[derive(Debug, Default)]
pub struct OnlineUsers {
    users: HashSet<UserId>,
}

impl OnlineUsers {
    /// Starts over from this state.
    pub fn load(&mut self, loaded: &PresenceLoaded) {
        self.users = loaded.online.iter().copied().collect();
    }

    /// Follows these changes.
    pub fn change(&mut self, changed: &PresenceChanged) {
        for (user, online) in &changed.changes {
            if *online {
                self.users.insert(user.id);
            } else {
                self.users.remove(&user.id);
            }
        }
    }

    /// Whether this user counts as online.
    #[must_use]
    pub fn contains(&self, user: UserId) -> bool {
        self.users.contains(&user)
    }

    /// Returns the number of online users.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::User;

    fn user(n: u8) -> User {
        User {
            id: UserId([n; 16]),
            name: "someone".into(),
            guest: false,
        }
    }

    #[test]
    fn it_follows_the_facts() {
        let mut users = OnlineUsers::default();
        let changes = vec![(user(1), true), (user(2), true), (user(1), false)];
        users.change(&PresenceChanged { changes });
        assert!(!users.contains(user(1).id) && users.contains(user(2).id));
        users.load(&PresenceLoaded {
            online: vec![user(1).id, user(3).id],
            connections_forgotten: true,
        });
        assert!(users.contains(user(1).id) && !users.contains(user(2).id));
        assert_eq!(users.count(), 2);
    }
}
