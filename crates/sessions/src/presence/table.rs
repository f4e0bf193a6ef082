//! The table of connections, sessions and people.

use super::closed::Closed;
use super::{Marked, Opening};
use crate::api::{ConnectionId, Online, SessionId, Token, User, UserId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

/// How long after asking storage to take a mark away to ask again, when nothing was heard of it.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// How long someone without a connection still counts as online.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grace {
    pub(crate) clean: Duration,
    pub(crate) lost: Duration,
}

/// The most sessions that leave at one tick: more would not fit into one statement.
const DUE_MAX: usize = 10_000;

/// A session whose grace is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The mark to take away; another one means that it came back meanwhile.
    pub(crate) connected_at: i64,
}

/// Everyone who counts as online.
pub(crate) struct Presence {
    grace: Grace,
    online: Online,
    connections: HashMap<ConnectionId, Open>,
    sessions: HashMap<SessionId, Present>,
    people: HashMap<UserId, Person>,
    /// Sessions without a connection, and when they are due.
    leaving: HashMap<SessionId, Duration>,
    closed: Closed,
    changes: Vec<(User, bool)>,
    /// The server stops: nobody leaves any more.
    keeping: bool,
}

/// An open connection.
pub(crate) struct Open {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: Option<Token>,
}

/// A session that is marked as connected.
struct Present {
    user: UserId,
    connected_at: i64,
    connections: usize,
    ended: bool,
}

/// Someone with at least one such session.
struct Person {
    user: User,
    sessions: usize,
}

impl Presence {
    pub(crate) fn new(grace: Grace, online: Online) -> Self {
        Self {
            grace,
            online,
            connections: HashMap::new(),
            sessions: HashMap::new(),
            people: HashMap::new(),
            leaving: HashMap::new(),
            closed: Closed::default(),
            changes: Vec::new(),
            keeping: false,
        }
    }

    /// A session is marked in storage: its person counts as online and has one grace to come back.
    /// Of a session that is known already only the mark is believed.
    pub(crate) fn restore(&mut self, marked: &Marked, now: Duration) {
        let news = self.changes.len();
        self.mark(marked.session, marked.connected_at, &marked.user);
        // They were online before: that they still are is no news.
        self.changes.truncate(news);
        if self.is_alone(marked.session) {
            let due = now + self.grace.lost;
            self.leaving.entry(marked.session).or_insert(due);
        }
    }

    /// A session was marked in storage a moment ago. One that nobody here knows of came in by a
    /// `hello` whose outcome was lost: it leaves like those of another life. Of the others more
    /// may be known here by now than when storage was read.
    pub(crate) fn recount(&mut self, marked: &Marked, now: Duration) {
        if !self.sessions.contains_key(&marked.session) {
            self.restore(marked, now);
        }
    }

    /// A `hello` was committed.
    pub(crate) fn opened(&mut self, opening: &Opening, now: Duration) {
        self.mark(opening.session, opening.connected_at, &opening.user);
        if self.closed.contains(opening.connection) {
            self.leave_if_alone(opening.session, now + self.grace.lost);
            return;
        }
        let open = Open {
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
        if let Some(open) = self.connections.remove(&connection) {
            let grace = if clean {
                self.grace.clean
            } else {
                self.grace.lost
            };
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
    pub(crate) fn due(&mut self, now: Duration) -> Vec<Due> {
        if self.keeping {
            return Vec::new();
        }
        let sessions = &self.sessions;
        let over = self.leaving.iter_mut().filter(|(_, at)| **at <= now);
        over.filter_map(|(session, at)| {
            *at = now + ASK_AGAIN;
            let Present {
                user, connected_at, ..
            } = *sessions.get(session)?;
            Some(Due {
                session: *session,
                user,
                connected_at,
            })
        })
        .take(DUE_MAX)
        .collect()
    }

    /// The marks of these sessions were taken away.
    pub(crate) fn left(&mut self, sessions: &[SessionId]) {
        for session in sessions {
            if self.leaving.remove(session).is_some()
                && let Some(present) = self.sessions.remove(session)
            {
                self.one_session_less(present.user);
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
    pub(crate) fn open(&self, connection: ConnectionId) -> Option<&Open> {
        self.connections.get(&connection)
    }

    fn mark(&mut self, session: SessionId, connected_at: i64, user: &User) {
        match self.sessions.entry(session) {
            Entry::Occupied(mut known) => known.get_mut().connected_at = connected_at,
            Entry::Vacant(vacant) => {
                let user_id = user.id;
                vacant.insert(Present {
                    user: user_id,
                    connected_at,
                    connections: 0,
                    ended: false,
                });
                self.one_session_more(user);
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
        self.leave_if_alone(session, now + grace);
    }

    fn leave_if_alone(&mut self, session: SessionId, due: Duration) {
        if self.is_alone(session) {
            self.leaving.insert(session, due);
        }
    }

    /// Marked as connected, with no connection that is known.
    fn is_alone(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|present| present.connections == 0)
    }

    fn one_session_more(&mut self, user: &User) {
        let person = self.people.entry(user.id).or_insert_with(|| {
            self.online.insert(user.id);
            self.changes.push((user.clone(), true));
            Person {
                user: user.clone(),
                sessions: 0,
            }
        });
        person.sessions += 1;
    }

    fn one_session_less(&mut self, user: UserId) {
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
mod tests {
    use super::*;

    const CLEAN: Duration = Duration::from_millis(1500);
    const ALMOST_CLEAN: Duration = Duration::from_millis(1499);
    const LOST: Duration = Duration::from_secs(12);
    const ALMOST_LOST: Duration = Duration::from_millis(11_999);

    fn table() -> (Presence, Online) {
        let online = Online::new();
        let grace = Grace {
            clean: CLEAN,
            lost: LOST,
        };
        (Presence::new(grace, online.clone()), online)
    }

    fn user(n: u8) -> User {
        User {
            id: UserId([n; 16]),
            name: format!("user{n}").into(),
            guest: true,
        }
    }

    fn session(n: u8) -> SessionId {
        SessionId([n; 16])
    }

    fn opening(connection: u64, of: u8, connected_at: i64) -> Opening {
        let (session, user) = (session(of), user(of));
        let connection = ConnectionId(connection);
        Opening {
            connection,
            session,
            user,
            connected_at,
            token: None,
        }
    }

    fn marked(n: u8) -> Marked {
        Marked {
            session: session(n),
            user: user(n),
            connected_at: 10,
        }
    }

    /// Storage takes away the marks of those who are due; who left.
    fn let_go(table: &mut Presence, now: Duration) -> Vec<(User, bool)> {
        let due: Vec<SessionId> = table.due(now).iter().map(|due| due.session).collect();
        table.left(&due);
        table.take_changes()
    }

    #[test]
    fn the_first_connection_brings_someone_online() {
        let (mut table, online) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        assert_eq!(table.take_changes(), [(user(1), true)]);
        assert!(online.contains(user(1).id));
        table.opened(&opening(2, 1, 20), Duration::ZERO);
        assert_eq!(table.take_changes(), []);
    }

    #[test]
    fn a_clean_leave_shows_after_the_short_grace() {
        let (mut table, online) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.take_changes();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(let_go(&mut table, ALMOST_CLEAN), []);
        assert!(online.contains(user(1).id));
        assert_eq!(let_go(&mut table, CLEAN), [(user(1), false)]);
        assert_eq!(online.count(), 0);
    }

    #[test]
    fn a_lost_connection_shows_after_the_long_grace() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.take_changes();
        table.closed(ConnectionId(1), false, Duration::ZERO);
        assert_eq!(let_go(&mut table, ALMOST_LOST), []);
        assert_eq!(let_go(&mut table, LOST), [(user(1), false)]);
    }

    #[test]
    fn whoever_comes_back_within_the_grace_never_left() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.closed(ConnectionId(1), false, Duration::ZERO);
        table.opened(&opening(2, 1, 20), LOST / 2);
        table.take_changes();
        assert_eq!(let_go(&mut table, LOST * 10), []);
    }

    #[test]
    fn the_last_of_several_connections_counts() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.opened(&opening(2, 1, 20), Duration::ZERO);
        table.take_changes();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(let_go(&mut table, LOST), []);
        table.closed(ConnectionId(2), true, LOST);
        assert_eq!(let_go(&mut table, LOST + CLEAN), [(user(1), false)]);
    }

    #[test]
    fn the_last_of_several_sessions_counts() {
        let (mut table, _) = table();
        let phone = Opening {
            session: session(9),
            ..opening(2, 1, 20)
        };
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.opened(&phone, Duration::ZERO);
        table.take_changes();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(let_go(&mut table, LOST), []);
        table.closed(ConnectionId(2), true, LOST);
        assert_eq!(let_go(&mut table, LOST + CLEAN), [(user(1), false)]);
    }

    #[test]
    fn a_mark_taken_away_too_late_takes_nobody_away() {
        let (mut table, online) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.closed(ConnectionId(1), true, Duration::ZERO);
        let asked = table.due(CLEAN);
        let expected = Due {
            session: session(1),
            user: user(1).id,
            connected_at: 10,
        };
        assert_eq!(asked, [expected]);
        table.opened(&opening(2, 1, 20), CLEAN);
        table.take_changes();
        table.left(&[session(1)]);
        assert_eq!(table.take_changes(), []);
        assert!(online.contains(user(1).id));
    }

    #[test]
    fn storage_is_asked_again_when_nothing_was_heard_of_it() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(table.due(CLEAN).len(), 1);
        assert_eq!(table.due(CLEAN).len(), 0);
        assert_eq!(table.due(CLEAN + ASK_AGAIN).len(), 1);
    }

    #[test]
    fn a_hello_that_commits_after_its_connection_closed_keeps_nobody_online() {
        let (mut table, _) = table();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        assert_eq!(table.take_changes(), [(user(1), true)]);
        assert!(table.open(ConnectionId(1)).is_none());
        assert_eq!(let_go(&mut table, LOST), [(user(1), false)]);
    }

    #[test]
    fn a_connection_that_says_hello_again_counts_once() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.opened(&opening(1, 1, 20), Duration::ZERO);
        table.take_changes();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(let_go(&mut table, CLEAN), [(user(1), false)]);
    }

    #[test]
    fn a_connection_that_changes_its_session_leaves_the_old_one() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.opened(&opening(1, 2, 20), Duration::ZERO);
        table.take_changes();
        assert_eq!(let_go(&mut table, CLEAN), [(user(1), false)]);
    }

    #[test]
    fn an_ended_session_waits_for_nobody() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.opened(&opening(2, 2, 10), Duration::ZERO);
        table.take_changes();
        // One ends while its connection is still open, the other in the middle of the long grace.
        table.ended(session(1), Duration::ZERO);
        table.closed(ConnectionId(1), false, Duration::ZERO);
        table.closed(ConnectionId(2), false, Duration::ZERO);
        table.ended(session(2), Duration::ZERO);
        let mut left = let_go(&mut table, CLEAN);
        left.sort_by_key(|(user, _)| user.id);
        assert_eq!(left, [(user(1), false), (user(2), false)]);
    }

    #[test]
    fn after_a_restart_everyone_has_one_grace_to_come_back() {
        let (mut table, online) = table();
        table.restore(&marked(1), Duration::ZERO);
        table.restore(&marked(2), Duration::ZERO);
        assert_eq!(online.count(), 2);
        table.opened(&opening(1, 1, 20), LOST / 2);
        assert_eq!(table.take_changes(), [], "they were online before");
        assert_eq!(let_go(&mut table, LOST), [(user(2), false)]);
    }

    #[test]
    fn a_rebuild_takes_no_open_connection_away() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.restore(&marked(1), Duration::ZERO);
        assert_eq!(
            table.take_changes(),
            [(user(1), true)],
            "not said before the rebuild"
        );
        assert_eq!(let_go(&mut table, LOST * 2), []);
    }

    #[test]
    fn a_mark_of_nobody_known_is_found_and_leaves() {
        let (mut table, online) = table();
        table.opened(&opening(1, 1, 20), Duration::ZERO);
        table.take_changes();
        table.recount(&marked(1), Duration::ZERO);
        table.recount(&marked(2), Duration::ZERO);
        assert!(online.contains(user(2).id));
        assert_eq!(let_go(&mut table, LOST), [(user(2), false)]);
        // What storage said of the known one was old: its mark is the newer one.
        table.closed(ConnectionId(1), true, LOST);
        assert_eq!(table.due(LOST * 2)[0].connected_at, 20);
    }

    #[test]
    fn a_server_that_stops_announces_nobodys_leaving() {
        let (mut table, _) = table();
        table.opened(&opening(1, 1, 10), Duration::ZERO);
        table.take_changes();
        table.keep();
        table.closed(ConnectionId(1), true, Duration::ZERO);
        assert_eq!(let_go(&mut table, LOST * 2), []);
    }

    #[test]
    fn nothing_is_left_of_those_who_left() {
        let (mut table, _) = table();
        for n in 1..=9 {
            table.opened(&opening(u64::from(n), n, 10), Duration::ZERO);
            table.closed(ConnectionId(u64::from(n)), true, Duration::ZERO);
        }
        let_go(&mut table, CLEAN);
        assert!(table.connections.is_empty() && table.sessions.is_empty());
        assert!(table.people.is_empty() && table.leaving.is_empty());
    }
}
