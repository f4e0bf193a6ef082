//! Tests of the presence table.

use super::*;

const CLEAN: Duration = Duration::from_millis(1500);
const ALMOST_CLEAN: Duration = Duration::from_millis(1499);
const LOST: Duration = Duration::from_secs(12);
const ALMOST_LOST: Duration = Duration::from_millis(11_999);

fn table() -> Presence {
    let grace = GracePeriods {
        clean: CLEAN,
        lost: LOST,
    };
    Presence::new(grace, Generation::FIRST)
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

fn opening(connection: u64, of: u8, connected_at: i64) -> OpenedConnection {
    let (session, user) = (session(of), user(of));
    let connection = ConnectionId(connection);
    OpenedConnection {
        connection,
        generation: Generation::FIRST,
        session,
        user,
        connected_at,
        token: None,
    }
}

fn marked(n: u8) -> ConnectedSession {
    ConnectedSession {
        session: session(n),
        user: user(n),
        connected_at: 10,
    }
}

/// Clears the marks of the sessions that are due, like storage; returns them.
fn clear_due(table: &mut Presence, now: Duration) -> Vec<(User, bool)> {
    let due: Vec<SessionId> = table.due(now).iter().map(|due| due.session).collect();
    table.disconnected(&due);
    table.take_changes()
}

#[test]
fn the_first_connection_brings_a_user_online() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    assert_eq!(table.take_changes(), [(user(1), true)]);
    assert!(table.online().contains(&user(1).id));
    table.opened(&opening(2, 1, 20), Duration::ZERO);
    assert_eq!(table.take_changes(), []);
}

#[test]
fn a_clean_disconnect_shows_after_the_short_grace_period() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.take_changes();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(clear_due(&mut table, ALMOST_CLEAN), []);
    assert!(table.online().contains(&user(1).id));
    assert_eq!(clear_due(&mut table, CLEAN), [(user(1), false)]);
    assert_eq!(table.online().len(), 0);
}

#[test]
fn a_lost_connection_shows_after_the_long_grace_period() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.take_changes();
    table.closed(ConnectionId(1), false, Duration::ZERO);
    assert_eq!(clear_due(&mut table, ALMOST_LOST), []);
    assert_eq!(clear_due(&mut table, LOST), [(user(1), false)]);
}

#[test]
fn a_reconnect_within_the_grace_period_is_no_change() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.closed(ConnectionId(1), false, Duration::ZERO);
    table.opened(&opening(2, 1, 20), LOST / 2);
    table.take_changes();
    assert_eq!(clear_due(&mut table, LOST * 10), []);
}

#[test]
fn the_last_of_several_connections_counts() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.opened(&opening(2, 1, 20), Duration::ZERO);
    table.take_changes();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(clear_due(&mut table, LOST), []);
    table.closed(ConnectionId(2), true, LOST);
    assert_eq!(clear_due(&mut table, LOST + CLEAN), [(user(1), false)]);
}

#[test]
fn the_last_of_several_sessions_counts() {
    let mut table = table();
    let phone = OpenedConnection {
        session: session(9),
        ..opening(2, 1, 20)
    };
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.opened(&phone, Duration::ZERO);
    table.take_changes();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(clear_due(&mut table, LOST), []);
    table.closed(ConnectionId(2), true, LOST);
    assert_eq!(clear_due(&mut table, LOST + CLEAN), [(user(1), false)]);
}

#[test]
fn a_mark_cleared_too_late_takes_nobody_offline() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.closed(ConnectionId(1), true, Duration::ZERO);
    let asked = table.due(CLEAN);
    let expected = DueSession {
        session: session(1),
        user: user(1).id,
        connected_at: 10,
    };
    assert_eq!(asked, [expected]);
    table.opened(&opening(2, 1, 20), CLEAN);
    table.take_changes();
    table.disconnected(&[session(1)]);
    assert_eq!(table.take_changes(), []);
    assert!(table.online().contains(&user(1).id));
}

#[test]
fn an_uncleared_mark_is_submitted_again() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(table.due(CLEAN).len(), 1);
    assert_eq!(table.due(CLEAN).len(), 0);
    assert_eq!(table.due(CLEAN + RETRY_AFTER).len(), 1);
}

#[test]
fn a_hello_committed_after_its_connection_closed_does_not_stay_online() {
    let mut table = table();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    assert_eq!(table.take_changes(), [(user(1), true)]);
    assert!(table.open(ConnectionId(1)).is_none());
    assert_eq!(clear_due(&mut table, LOST), [(user(1), false)]);
}

#[test]
fn a_connection_that_says_hello_again_counts_once() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.opened(&opening(1, 1, 20), Duration::ZERO);
    table.take_changes();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(clear_due(&mut table, CLEAN), [(user(1), false)]);
}

#[test]
fn a_connection_that_changes_its_session_leaves_the_old_one() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.opened(&opening(1, 2, 20), Duration::ZERO);
    table.take_changes();
    assert_eq!(clear_due(&mut table, CLEAN), [(user(1), false)]);
}

#[test]
fn an_ended_session_gets_the_short_grace_period() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.opened(&opening(2, 2, 10), Duration::ZERO);
    table.take_changes();
    // One ends while its connection is open, the other during the long grace period.
    table.ended(session(1), Duration::ZERO);
    table.closed(ConnectionId(1), false, Duration::ZERO);
    table.closed(ConnectionId(2), false, Duration::ZERO);
    table.ended(session(2), Duration::ZERO);
    let mut disconnected = clear_due(&mut table, CLEAN);
    disconnected.sort_by_key(|(user, _)| user.id);
    assert_eq!(disconnected, [(user(1), false), (user(2), false)]);
}

#[test]
fn after_a_restart_all_have_one_grace_period() {
    let mut table = table();
    table.restore(&[marked(1), marked(2)], Duration::ZERO);
    assert_eq!(table.online().len(), 2);
    table.opened(&opening(1, 1, 20), LOST / 2);
    assert_eq!(table.take_changes(), [], "they were online before");
    assert_eq!(clear_due(&mut table, LOST), [(user(2), false)]);
}

#[test]
fn an_unknown_mark_is_found_and_expires() {
    let mut table = table();
    table.opened(&opening(1, 1, 20), Duration::ZERO);
    table.take_changes();
    table.reconcile(&marked(1), Duration::ZERO);
    table.reconcile(&marked(2), Duration::ZERO);
    assert_eq!(table.take_changes(), [(user(2), true)]);
    assert_eq!(clear_due(&mut table, LOST), [(user(2), false)]);
    // The mark read for the known session was older than the one in the table.
    table.closed(ConnectionId(1), true, LOST);
    assert_eq!(table.due(LOST * 2)[0].connected_at, 20);
}

#[test]
fn a_stopping_server_publishes_no_departures() {
    let mut table = table();
    table.opened(&opening(1, 1, 10), Duration::ZERO);
    table.take_changes();
    table.keep();
    table.closed(ConnectionId(1), true, Duration::ZERO);
    assert_eq!(clear_due(&mut table, LOST * 2), []);
}

#[test]
fn nothing_is_left_of_users_who_left() {
    let mut table = table();
    for n in 1..=9 {
        table.opened(&opening(u64::from(n), n, 10), Duration::ZERO);
        table.closed(ConnectionId(u64::from(n)), true, Duration::ZERO);
    }
    clear_due(&mut table, CLEAN);
    assert!(table.connections.is_empty() && table.sessions.is_empty());
    assert!(table.users.is_empty() && table.grace_ends.is_empty());
}
