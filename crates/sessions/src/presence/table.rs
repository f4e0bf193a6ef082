//! The table of connections, sessions and users.

use super::recently_closed::RecentlyClosed;
use super::{ConnectedSession, Generation, OpenedConnection};
use crate::api::{ConnectionId, SessionId, Token, User, UserId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

/// How long to wait for a mark to be cleared before submitting that again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// How long a session without a connection still counts as online.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GracePeriods {
    /// After a clean disconnect.
    pub(crate) clean: Duration,
    /// After a lost connection or a restart.
    pub(crate) lost: Duration,
}

/// The most sessions due per tick, so that they fit into one statement.
const DUE_MAX: usize = 10_000;

/// A session after its grace period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueSession {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The mark to clear; a different one in storage means that the session has reconnected.
    pub(crate) connected_at: i64,
}

/// Who counts as online, and why.
pub(crate) struct Presence {
    grace: GracePeriods,
    /// Connections of an earlier generation count as closed.
    generation: Generation,
    connections: HashMap<ConnectionId, OpenConnection>,
    sessions: HashMap<SessionId, PresentSession>,
    users: HashMap<UserId, OnlineUser>,
    /// Sessions without a connection, and when their grace periods end, by uptime.
    grace_ends: HashMap<SessionId, Duration>,
    closed: RecentlyClosed,
    changes: Vec<(User, bool)>,
    /// Set when the server stops: no session becomes due any more.
    stopping: bool,
}

/// An open connection.
pub(crate) struct OpenConnection {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: Option<Token>,
}

/// A session marked as connected.
struct PresentSession {
    user: UserId,
    connected_at: i64,
    connections: usize,
    ended: bool,
}

/// A user with at least one such session.
struct OnlineUser {
    user: User,
    sessions: usize,
}

impl Presence {
    pub(crate) fn new(grace: GracePeriods, generation: Generation) -> Self {
        Self {
            grace,
            generation,
            connections: HashMap::new(),
            sessions: HashMap::new(),
            users: HashMap::new(),
            grace_ends: HashMap::new(),
            closed: RecentlyClosed::default(),
            changes: Vec::new(),
            stopping: false,
        }
    }

    /// Adds the sessions that are marked in storage when the table is loaded: their users count as
    /// online for one grace period. They were online before, so this is no change.
    pub(crate) fn restore(&mut self, sessions: &[ConnectedSession], now: Duration) {
        for session in sessions {
            self.add(session, now);
        }
        self.changes.clear();
    }

    /// Adds a session that waits for its connection for one grace period.
    fn add(&mut self, session: &ConnectedSession, now: Duration) {
        self.mark(session.session, session.connected_at, &session.user);
        if self.has_no_connection(session.session) {
            let due = now + self.grace.lost;
            self.grace_ends.entry(session.session).or_insert(due);
        }
    }

    /// Adds a session that is marked in storage and missing here, because the outcome of its
    /// `hello` was lost; it gets one grace period. Ignores known sessions, which may have changed
    /// since storage was read.
    pub(crate) fn reconcile(&mut self, session: &ConnectedSession, now: Duration) {
        if !self.sessions.contains_key(&session.session) {
            self.add(session, now);
        }
    }

    /// Notes a committed `hello`.
    pub(crate) fn opened(&mut self, opening: &OpenedConnection, now: Duration) {
        self.mark(opening.session, opening.connected_at, &opening.user);
        let is_forgotten = opening.generation != self.generation;
        if is_forgotten || self.closed.contains(opening.connection) {
            self.schedule_leave_if_unconnected(opening.session, now + self.grace.lost);
            return;
        }
        let open = OpenConnection {
            session: opening.session,
            user: opening.user.id,
            token: opening.token.clone(),
        };
        match self.connections.insert(opening.connection, open) {
            Some(old) if old.session == opening.session => return,
            Some(old) => self.release(old.session, self.grace.clean, now),
            None => {}
        }
        if let Some(present) = self.sessions.get_mut(&opening.session) {
            present.connections += 1;
        }
        self.grace_ends.remove(&opening.session);
    }

    /// Notes that a connection has closed.
    pub(crate) fn closed(&mut self, connection: ConnectionId, clean: bool, now: Duration) {
        self.closed.remember(connection, now);
        let grace = if clean {
            self.grace.clean
        } else {
            self.grace.lost
        };
        self.remove_connection(connection, grace, now);
    }

    /// Undoes a `hello`. Its connection is still open and may say another.
    pub(crate) fn hello_cancelled(&mut self, connection: ConnectionId, now: Duration) {
        self.remove_connection(connection, self.grace.clean, now);
    }

    fn remove_connection(&mut self, connection: ConnectionId, grace: Duration, now: Duration) {
        if let Some(open) = self.connections.remove(&connection) {
            self.release(open.session, grace, now);
        }
    }

    /// Notes that a session has ended: it cannot reconnect, so it gets only the short grace period.
    pub(crate) fn ended(&mut self, session: SessionId, now: Duration) {
        let Some(present) = self.sessions.get_mut(&session) else {
            return;
        };
        present.ended = true;
        let soon = now + self.grace.clean;
        if let Some(due) = self.grace_ends.get_mut(&session) {
            *due = soon.min(*due);
        }
    }

    /// Returns the sessions whose grace periods are over, at most [`DUE_MAX`].
    pub(crate) fn due(&mut self, now: Duration) -> Vec<DueSession> {
        if self.stopping {
            return Vec::new();
        }
        let sessions = &self.sessions;
        let over = self.grace_ends.iter_mut().filter(|(_, at)| **at <= now);
        over.filter_map(|(session, at)| {
            *at = now + RETRY_AFTER;
            let PresentSession {
                user, connected_at, ..
            } = *sessions.get(session)?;
            Some(DueSession {
                session: *session,
                user,
                connected_at,
            })
        })
        .take(DUE_MAX)
        .collect()
    }

    /// Notes that the marks of these sessions were cleared.
    pub(crate) fn disconnected(&mut self, sessions: &[SessionId]) {
        for session in sessions {
            if self.grace_ends.remove(session).is_some()
                && let Some(present) = self.sessions.remove(session)
            {
                self.remove_session(present.user);
            }
        }
    }

    /// Stops making sessions due, since the server stops.
    pub(crate) fn keep(&mut self) {
        self.stopping = true;
    }

    /// Takes the changes since the last call, in order.
    pub(crate) fn take_changes(&mut self) -> Vec<(User, bool)> {
        std::mem::take(&mut self.changes)
    }

    /// Returns all users who count as online.
    pub(crate) fn online(&self) -> Vec<UserId> {
        self.users.keys().copied().collect()
    }

    /// Returns the session of this connection, if it is open.
    pub(crate) fn open(&self, connection: ConnectionId) -> Option<&OpenConnection> {
        self.connections.get(&connection)
    }

    fn mark(&mut self, session: SessionId, connected_at: i64, user: &User) {
        match self.sessions.entry(session) {
            Entry::Occupied(mut known) => known.get_mut().connected_at = connected_at,
            Entry::Vacant(vacant) => {
                let user_id = user.id;
                vacant.insert(PresentSession {
                    user: user_id,
                    connected_at,
                    connections: 0,
                    ended: false,
                });
                self.add_session(user);
            }
        }
        // An identity provider may have renamed them.
        if let Some(online) = self.users.get_mut(&user.id) {
            online.user.clone_from(user);
        }
    }

    fn release(&mut self, session: SessionId, grace: Duration, now: Duration) {
        let Some(present) = self.sessions.get_mut(&session) else {
            return;
        };
        present.connections = present.connections.saturating_sub(1);
        let grace = if present.ended {
            self.grace.clean
        } else {
            grace
        };
        self.schedule_leave_if_unconnected(session, now + grace);
    }

    fn schedule_leave_if_unconnected(&mut self, session: SessionId, due: Duration) {
        if self.has_no_connection(session) {
            self.grace_ends.insert(session, due);
        }
    }

    /// Whether it is marked as connected and has no open connection.
    fn has_no_connection(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|present| present.connections == 0)
    }

    fn add_session(&mut self, user: &User) {
        let entry = self.users.entry(user.id).or_insert_with(|| {
            self.changes.push((user.clone(), true));
            OnlineUser {
                user: user.clone(),
                sessions: 0,
            }
        });
        entry.sessions += 1;
    }

    fn remove_session(&mut self, user: UserId) {
        let Entry::Occupied(mut entry) = self.users.entry(user) else {
            return;
        };
        entry.get_mut().sessions -= 1;
        if entry.get().sessions == 0 {
            self.changes.push((entry.remove().user, false));
        }
    }
}

#[cfg(test)]
mod tests;
