use super::stage::{Stage, caller, entry, key, member, message};
use crate::Limits;
use crate::hub::requests::{Attach, AttachResult, Detach, PageDelivered, SetTyping, TypingResult};
use crate::hub::tests::stage::user;
use rooms::api::Change;
use serde_json::json;
use sessions::api::{EndReason, PresenceLoaded, SessionEnded, SessionId, User, UserRenamed};
use std::sync::Arc;

#[tokio::test]
async fn a_newer_connection_with_the_same_session_and_tab_wins() {
    let mut stage = Stage::new().await;
    let mut older = stage.member("ann", "x", 1).await;
    let mut other = stage.attach("ann", "other", false).await;
    let mut newer = stage.attach("ann", "", false).await;
    assert_eq!(older.names(), ["close 4503"]);
    let memberships = vec![member("ann", "x", 1)];
    stage.open(&newer, memberships, &[("x", 1)]).await;
    stage.append("x", vec![entry(2, "bob", message("hi"))]);
    assert_eq!(newer.names(), ["hello", "entry 2"]);
    assert!(older.take().is_empty(), "nothing follows a close frame");
    assert!(other.take().is_empty(), "another tab is left alone");
}

#[tokio::test]
async fn tabs_and_connections_have_a_limit() {
    let limits = Limits {
        tabs_max: 1,
        connections_per_user: 2,
        ..Limits::default()
    };
    let mut stage = Stage::with(limits).await;
    let _first = stage.attach("ann", "1", false).await;
    let socket = stage.socket().await;
    let attach = |session: u8| Attach {
        conn: Arc::clone(&socket.conn),
        caller: sessions::api::Caller {
            session: SessionId([session; 16]),
            ..caller("ann")
        },
        tab: "2".to_owned(),
        all: false,
    };
    let mine = Attach {
        caller: caller("ann"),
        ..attach(1)
    };
    assert_eq!(stage.ask(mine).await, AttachResult::TooManyTabs);
    assert_eq!(stage.ask(attach(1)).await, AttachResult::Done);
    let third = stage.socket().await;
    let attach = Attach {
        conn: Arc::clone(&third.conn),
        ..attach(2)
    };
    assert_eq!(stage.ask(attach).await, AttachResult::TooManyConnections);
}

#[tokio::test]
async fn nothing_comes_before_the_reply_to_hello() {
    let mut stage = Stage::new().await;
    let mut socket = stage.attach("ann", "", true).await;
    stage.append("x", vec![entry(5, "ann", Change::Joined)]);
    assert!(socket.take().is_empty());
    stage.open(&socket, vec![member("ann", "x", 5)], &[]).await;
    stage.append("x", vec![entry(6, "bob", message("hi"))]);
    assert_eq!(socket.names(), ["hello", "room 5", "entry 6"]);
}

#[tokio::test]
async fn a_membership_that_ends_during_hello_is_pushed_as_gone() {
    let mut stage = Stage::new().await;
    let mut socket = stage.attach("ann", "", false).await;
    stage.append("x", vec![entry(6, "bob", super::stage::kicked("ann"))]);
    let behind = stage
        .open(&socket, vec![member("ann", "x", 5)], &[("x", 2)])
        .await;
    assert!(behind.is_empty(), "nothing of that room is replayed");
    stage.append("x", vec![entry(7, "bob", message("secret"))]);
    assert_eq!(socket.names(), ["hello", "gone 6"]);
}

#[tokio::test]
async fn committed_entries_that_the_hub_has_not_seen_are_replayed() {
    let mut stage = Stage::new().await;
    let _bob = stage.member("bob", "x", 4).await;
    let mut ann = stage.attach("ann", "", false).await;
    let behind = stage
        .open(&ann, vec![member("ann", "x", 6)], &[("x", 4)])
        .await;
    assert_eq!(behind, [(key("x"), 4)], "the log had two more");
    assert_eq!(
        stage.page(&ann, "x", (4, 6), true).await,
        PageDelivered::Live
    );
    for seq in 5..8 {
        stage.append("x", vec![entry(seq, "bob", message("hi"))]);
    }
    assert_eq!(ann.names(), ["hello", "entry 5", "entry 6", "entry 7"]);
}

#[tokio::test]
async fn a_connection_that_ends_leaves_nothing_behind() {
    let mut stage = Stage::new().await;
    let socket = stage.member("ann", "x", 1).await;
    let typing = SetTyping {
        connection: socket.id(),
        user: user("ann"),
        room: key("x"),
        on: true,
    };
    assert_eq!(stage.ask(typing).await, TypingResult::Accepted);
    let connection = socket.id();
    stage.ask(Detach { connection }).await;
    assert!(stage.hub().connections.is_empty());
    assert!(stage.hub().rooms[&key("x")].subs.is_empty());
    assert!(stage.hub().rooms[&key("x")].activity.typists.is_empty());
    assert_eq!(
        Arc::strong_count(&socket.conn),
        1,
        "nobody holds the socket"
    );
}

#[tokio::test(start_paused = true)]
async fn an_absent_user_is_forgotten_with_their_rooms() {
    let mut stage = Stage::new().await;
    let socket = stage.member("ann", "x", 1).await;
    let connection = socket.id();
    stage.ask(Detach { connection }).await;
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    for _ in 0..20 {
        stage.send(crate::hub::requests::Ticked);
    }
    assert!(stage.hub().people.is_empty());
    assert!(stage.hub().rooms.is_empty());
    assert!(stage.hub().timed_rooms.is_empty());
}

#[tokio::test]
async fn an_ended_session_closes_its_own_sockets_only() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let mut bob = stage.member("bob", "x", 1).await;
    let ended = SessionEnded {
        user: user("ann").id,
        session: caller("ann").session,
        reason: EndReason::Revoked,
    };
    stage.send(ended);
    ann.conn.flush();
    assert_eq!(ann.names(), ["close 4502"]);
    assert!(bob.take().is_empty());
}

#[tokio::test]
async fn a_new_name_closes_the_other_connections_of_its_user() {
    let mut stage = Stage::new().await;
    let mut old = stage.member("ann", "x", 1).await;
    let mut by = stage.attach("ann", "other", false).await;
    let mut bob = stage.member("bob", "x", 1).await;
    stage.open(&by, vec![member("ann", "x", 1)], &[]).await;
    let renamed = User {
        name: "ann-smith".into(),
        ..user("ann")
    };
    stage.send(UserRenamed {
        user: renamed.clone(),
        by: Some(by.id()),
    });
    old.conn.flush();
    assert_eq!(old.names(), ["close 1012"]);
    assert_eq!(by.names(), ["hello"]);
    assert!(bob.take().is_empty());
    assert_eq!(stage.hub().people[&renamed.id].user, renamed);
    assert_eq!(stage.hub().connections[&by.id()].caller.user, renamed);
}

#[tokio::test]
async fn sockets_are_closed_once_sessions_has_forgotten_them_and_presence_starts_over() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let _registered = stage.register(&ann);
    let loaded = |connections_forgotten| PresenceLoaded {
        online: vec![user("bob").id],
        connections_forgotten,
    };
    stage.send(loaded(false));
    assert!(
        ann.take().is_empty(),
        "at the start there is nothing to forget"
    );
    assert!(stage.online(user("bob").id));
    stage.send(loaded(true));
    ann.conn.flush();
    assert_eq!(ann.names(), ["close 1012"]);
    assert!(stage.hub().connections.is_empty());
    assert!(stage.online(user("bob").id) && !stage.online(user("ann").id));
}

#[tokio::test]
async fn a_logout_is_closed_after_its_reply() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    ann.conn.begin_logout();
    let ended = SessionEnded {
        user: user("ann").id,
        session: caller("ann").session,
        reason: EndReason::Logout,
    };
    stage.send(ended);
    ann.conn.send_now(super::stage::reply("logout"));
    assert_eq!(ann.take(), [json!({"reply": "logout"})]);
}
