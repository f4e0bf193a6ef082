//! Recently closed connections.

use crate::api::ConnectionId;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// Longer than a `hello` can take from its connection to its commit.
const KEPT: Duration = Duration::from_secs(60);

/// Remembers closed connections: a `hello` may commit after its connection has closed, and that
/// connection would otherwise count as open for ever. Bounded by the disconnects within [`KEPT`].
#[derive(Default)]
pub(super) struct RecentlyClosed {
    order: VecDeque<(Duration, ConnectionId)>,
    ids: HashSet<ConnectionId>,
}

impl RecentlyClosed {
    /// Remembers one, and forgets those older than [`KEPT`].
    pub(super) fn remember(&mut self, connection: ConnectionId, now: Duration) {
        while let Some(&(at, old)) = self.order.front()
            && at + KEPT < now
        {
            self.order.pop_front();
            self.ids.remove(&old);
        }
        if self.ids.insert(connection) {
            self.order.push_back((now, connection));
        }
    }

    /// Whether this connection has recently closed.
    pub(super) fn contains(&self, connection: ConnectionId) -> bool {
        self.ids.contains(&connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_is_remembered_for_a_minute() {
        let mut closed = RecentlyClosed::default();
        closed.remember(ConnectionId(1), Duration::ZERO);
        closed.remember(ConnectionId(2), KEPT);
        assert!(closed.contains(ConnectionId(1)));
        closed.remember(ConnectionId(3), KEPT + Duration::from_secs(1));
        assert!(!closed.contains(ConnectionId(1)));
        assert!(closed.contains(ConnectionId(2)));
        assert_eq!(closed.order.len(), 2);
    }
}
