//! The table of connections, sessions and people.

use super::recently_closed::RecentlyClosed;
use super::{ConnectedSession, OpenedConnection};
use crate::api::{ConnectionId, Online, SessionId, Token, User, UserId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

/// How long after asking storage to take a mark away to ask again, when nothing was heard of it.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// How long someone without a connection still counts as online.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GracePeriods {
    pub(crate) clean: Duration,
    pub(crate) lost: Duration,
}

/// The most sessions that leave at one tick: more would not fit into one statement.
const DUE_MAX: usize = 10_000;

/// A session whose grace is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueSession {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The mark to take away; another one means that it came back meanwhile.
    pub(crate) connected_at: i64,
}

/// Everyone who counts as online.
pub(crate) struct Presence {
    grace: GracePeriods,
    online: Online,
    connections: HashMap<ConnectionId, OpenConnection>,
    sessions: HashMap<SessionId, PresentSession>,
    people: HashMap<UserId, OnlinePerson>,
    /// Sessions without a connection, and when they are due.
    leaving: HashMap<SessionId, Duration>,
    closed: RecentlyClosed,
    changes: Vec<(User, bool)>,
    /// The server stops: nobody leaves any more.
    keeping: bool,
}

/// An open connection.
pub(crate) struct OpenConnection {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: Option<Token>,
}

/// A session that is marked as connected.
struct PresentSession {
    user: UserId,
    connected_at: i64,
    connections: usize,
    ended: bool,
}

/// Someone with at least one such session.
struct OnlinePerson {
    user: User,
    sessions: usize,
}

impl Presence {
    pub(crate) fn new(grace: GracePeriods, online: Online) -> Self {
        Self {
            grace,
            online,
            connections: HashMap::new(),
            sessions: HashMap::new(),
            people: HashMap::new(),
            leaving: HashMap::new(),
            closed: RecentlyClosed::default(),
            changes: Vec::new(),
            keeping: false,
        }
    }

    /// A session is marked in storage: its person counts as online and has one grace to come back.
    /// Of a session that is known already only the mark is believed.
    pub(crate) fn restore(&mut self, marked: &ConnectedSession, now: Duration) {
        let news = self.changes.len();
        self.mark(marked.session, marked.connected_at, &marked.user);
        // They were online before: that they still are is no news.
        self.changes.truncate(news);
        if self.has_no_connection(marked.session) {
            let due = now + self.grace.lost;
            self.leaving.entry(marked.session).or_insert(due);
        }
    }

    /// A session was marked in storage a moment ago. One that nobody here knows of came in by a
    /// `hello` whose outcome was lost: it leaves like those of another life. Of the others more
    /// may be known here by now than when storage was read.
    pub(crate) fn recount(&mut self, marked: &ConnectedSession, now: Duration) {
        if !self.sessions.contains_key(&marked.session) {
            self.restore(marked, now);
        }
    }

    /// A `hello` was committed.
    pub(crate) fn opened(&mut self, opening: &OpenedConnection, now: Duration) {
        self.mark(opening.session, opening.connected_at, &opening.user);
        if self.closed.contains(opening.connection) {
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
        self.leaving.remove(&opening.session);
    }

    /// A connection has closed.
    pub(crate) fn closed(&mut self, connection: ConnectionId, clean: bool, now: Duration) {
        self.closed.remember(connection, now);
        let grace = if clean {
            self.grace.clean
        } else {
            self.grace.lost
        };
        self.remove_connection(connection, grace, now);
    }

    /// A `hello` was taken back; its connection is still there and may say another.
    pub(crate) fn hello_cancelled(&mut self, connection: ConnectionId, now: Duration) {
        self.remove_connection(connection, self.grace.clean, now);
    }

    fn remove_connection(&mut self, connection: ConnectionId, grace: Duration, now: Duration) {
        if let Some(open) = self.connections.remove(&connection) {
            self.release(open.session, grace, now);
        }
    }

    /// A session has ended: nobody will come back through it, so the long grace has no purpose.
    pub(crate) fn ended(&mut self, session: SessionId, now: Duration) {
        let Some(present) = self.sessions.get_mut(&session) else {
            return;
        };
        present.ended = true;
        let soon = now + self.grace.clean;
        if let Some(due) = self.leaving.get_mut(&session) {
            *due = soon.min(*due);
        }
    }

    /// Whose grace is over, at most [`DUE_MAX`] at once.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<DueSession> {
        if self.keeping {
            return Vec::new();
        }
        let sessions = &self.sessions;
        let over = self.leaving.iter_mut().filter(|(_, at)| **at <= now);
        over.filter_map(|(session, at)| {
            *at = now + ASK_AGAIN;
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

    /// The marks of these sessions were taken away.
    pub(crate) fn disconnected(&mut self, sessions: &[SessionId]) {
        for session in sessions {
            if self.leaving.remove(session).is_some()
                && let Some(present) = self.sessions.remove(session)
            {
                self.remove_session_of(present.user);
            }
        }
    }

    /// From now on nobody leaves.
    pub(crate) fn keep(&mut self) {
        self.keeping = true;
    }

    /// Who came and who went since this was last asked, in order.
    pub(crate) fn take_changes(&mut self) -> Vec<(User, bool)> {
        std::mem::take(&mut self.changes)
    }

    /// Who speaks on this connection.
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
                self.add_session_of(user);
            }
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
            self.leaving.insert(session, due);
        }
    }

    /// Marked as connected, with no connection that is known.
    fn has_no_connection(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|present| present.connections == 0)
    }

    fn add_session_of(&mut self, user: &User) {
        let person = self.people.entry(user.id).or_insert_with(|| {
            self.online.insert(user.id);
            self.changes.push((user.clone(), true));
            OnlinePerson {
                user: user.clone(),
                sessions: 0,
            }
        });
        person.sessions += 1;
    }

    fn remove_session_of(&mut self, user: UserId) {
        let Entry::Occupied(mut person) = self.people.entry(user) else {
            return;
        };
        person.get_mut().sessions -= 1;
        if person.get().sessions == 0 {
            self.online.remove(user);
            self.changes.push((person.remove().user, false));
        }
    }
}

#[cfg(test)]
mod tests;
