//! `room.update`.

use crate::server::{TestServer, assert_refused};
use rooms::api::{Change, History, Kind, Moderation, Refusal, Role, RoomKey, UpdateRoom};
use sessions::api::Caller;

fn update(who: &Caller, room: &RoomKey) -> UpdateRoom {
    UpdateRoom {
        caller: who.clone(),
        room: room.clone(),
        title: None,
        topic: None,
        history: None,
        kind: None,
    }
}

fn topic(who: &Caller, room: &RoomKey, text: &str) -> UpdateRoom {
    UpdateRoom {
        topic: Some(text.to_owned()),
        ..update(who, room)
    }
}

fn kind(who: &Caller, room: &RoomKey, kind: Kind) -> UpdateRoom {
    UpdateRoom {
        kind: Some(kind),
        ..update(who, room)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_writes_an_entry_with_the_new_properties() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let done = server
        .ask(topic(&ann, &room, "tea"))
        .await
        .expect("changed");
    assert_eq!((done.done.seq, done.done.dup), (2, false));
    assert_eq!(done.card.room.topic, "tea");
    let entry = server.log(&room).await.pop().expect("entries");
    let expected = Change::Room {
        title: "a".to_owned(),
        topic: "tea".to_owned(),
        history: History::All,
        kind: Kind::Public,
    };
    assert_eq!(entry.change, expected);
    assert_eq!(server.published(&room).await, server.log(&room).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_returns_the_entry_that_made_the_change() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let untouched = server.ask(topic(&ann, &room, "")).await.expect("a repeat");
    assert_eq!((untouched.done.seq, untouched.done.dup), (1, true));
    server
        .ask(topic(&ann, &room, "tea"))
        .await
        .expect("changed");
    server.send(&ann, &room, "1", "x").await.expect("sent");
    let again = server
        .ask(topic(&ann, &room, "tea"))
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (2, true));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_change_texts_and_owners_change_everything() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let bob = server.member("bob", &room).await;
    let out = server.person("out").await;
    assert_refused(
        server.ask(topic(&bob, &room, "x")).await,
        &Refusal::Forbidden,
    );
    assert_refused(
        server.ask(topic(&out, &room, "x")).await,
        &Refusal::NotMember,
    );
    server
        .ask(topic(&mia, &room, "tea"))
        .await
        .expect("changed");
    assert_refused(
        server.ask(kind(&mia, &room, Kind::Private)).await,
        &Refusal::Forbidden,
    );
    let history = UpdateRoom {
        history: Some(History::SinceJoin),
        ..update(&mia, &room)
    };
    assert_refused(server.ask(history).await, &Refusal::Forbidden);
    server
        .ask(kind(&ann, &room, Kind::Private))
        .await
        .expect("changed");
    assert_refused(server.join(&out, &room).await, &Refusal::NoSuchRoom);
    server
        .ask(kind(&ann, &room, Kind::Public))
        .await
        .expect("changed back");
    server.join(&out, &room).await.expect("a member");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_a_generated_key_stays_private() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    for wanted in [Kind::Public, Kind::Direct] {
        let outcome = server.ask(kind(&ann, &room, wanted)).await;
        assert!(
            matches!(outcome, Err(Refusal::BadRequest { field: "kind", .. })),
            "{outcome:?}"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_moderate_general() {
    let server = TestServer::new().await;
    let (ann, admin) = (server.person("ann").await, server.admin("root").await);
    let general = crate::server::key("general");
    for who in [&ann, &admin] {
        server.join(who, &general).await.expect("a member");
    }
    assert_refused(
        server.ask(topic(&ann, &general, "x")).await,
        &Refusal::Forbidden,
    );
    server
        .ask(topic(&admin, &general, "be kind"))
        .await
        .expect("changed");
    server
        .moderate(&admin, &general, &ann, Moderation::Kick)
        .await
        .expect("kicked");
    server.close().await;
}
