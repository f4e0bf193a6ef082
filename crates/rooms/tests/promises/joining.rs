//! `join`.

use crate::server::{TestServer, assert_refused, create_request, key, with_open_history};
use rooms::api::{Kind, Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn anyone_joins_a_public_room_and_reads_all_of_it() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    server.send(&ann, &room, "1", "early").await.expect("sent");
    let joined = server.join(&bob, &room).await.expect("a member");
    assert_eq!(
        (joined.role, joined.head, joined.visible_from),
        (Role::Member, 3, 1)
    );
    assert!(!joined.dup);
    assert_eq!(server.kinds(&room).await, ["joined", "message", "joined"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_again_writes_no_entry() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let again = server.join(&ann, &room).await.expect("a member");
    assert!(again.dup);
    assert_eq!((again.role, again.head), (Role::Owner, 1));
    assert_eq!(server.kinds(&room).await, ["joined"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_exists_for_the_invited_only() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.private(&ann, "quiet").await;
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    server
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    let joined = server.join(&bob, &room).await.expect("a member");
    assert_eq!(joined.visible_from, 3, "from their own joining");
    server.leave(&bob, &room).await.expect("left");
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_may_show_its_whole_log() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let created = server
        .ask(with_open_history(create_request(
            &ann,
            "open",
            Kind::Private,
        )))
        .await
        .expect("made");
    let room = created.card.room.key.clone();
    let bob = server.person("bob").await;
    server
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    assert_eq!(
        server
            .join(&bob, &room)
            .await
            .expect("a member")
            .visible_from,
        1
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejoining_does_not_show_the_log_of_the_first_membership() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    let bob = server.invited("bob", &ann, &room).await;
    server
        .send(&bob, &room, "1", "of the first stay")
        .await
        .expect("sent");
    server.leave(&bob, &room).await.expect("left");
    server
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    let joined = server.join(&bob, &room).await.expect("a member");
    assert_eq!(joined.visible_from, joined.head);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_rooms_per_person_is_limited() {
    let server = TestServer::with(rooms::Settings {
        rooms_max: 2,
        ..rooms::Settings::default()
    })
    .await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let rooms = [
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    ];
    let limit = Refusal::LimitReached { limit: "rooms_max" };
    assert_refused(server.create(&ann, "c", Kind::Public).await, &limit);
    assert_refused(server.join(&ann, &key("general")).await, &limit);
    assert!(
        server
            .create(&ann, "a", Kind::Public)
            .await
            .expect("a repeat")
            .done
            .dup
    );
    server.join(&bob, &rooms[0]).await.expect("a member");
    server.join(&bob, &rooms[1]).await.expect("a member");
    assert_refused(server.join(&bob, &key("general")).await, &limit);
    assert!(server.join(&bob, &rooms[0]).await.expect("a repeat").dup);
    server.leave(&bob, &rooms[0]).await.expect("left");
    server.join(&bob, &key("general")).await.expect("a member");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_key_is_no_room() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    for name in ["nowhere", "", "a\0b", "ünï", &"x".repeat(5_000)] {
        assert_refused(server.join(&ann, &key(name)).await, &Refusal::NoSuchRoom);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn general_exists_from_the_start_and_has_no_owner() {
    let server = TestServer::new().await;
    rooms::create_general(&server.deps)
        .await
        .expect("once more");
    let ann = server.person("ann").await;
    let joined = server.join(&ann, &key("general")).await.expect("a member");
    assert_eq!((joined.role, joined.head), (Role::Member, 1));
    server.close().await;
}
