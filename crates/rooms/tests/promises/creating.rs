//! `room.create`.

use crate::server::{TestServer, assert_refused, create_request};
use rooms::api::{CreateRoom, History, Kind, Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn the_creator_of_a_public_room_owns_it_under_the_chosen_key() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let created = server
        .create(&ann, "my.room", Kind::Public)
        .await
        .expect("made");
    let room = &created.card.room;
    assert_eq!(&*room.key.0, "my.room");
    assert_eq!(
        (&*room.title, room.kind, room.history),
        ("my.room", Kind::Public, History::All)
    );
    assert_eq!(created.card.role, Some(Role::Owner));
    assert_eq!((created.done.seq, created.done.dup), (1, false));
    assert_eq!(server.kinds(&room.key).await, ["joined"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_gets_a_key_from_the_server() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let created = server
        .create(&ann, " Our Place ", Kind::Private)
        .await
        .expect("made");
    let room = &created.card.room;
    assert!(
        room.key.0.starts_with('~') && room.key.0.len() == 23,
        "{:?}",
        room.key
    );
    assert_eq!(
        (&*room.title, room.history),
        ("Our Place", History::SinceJoin)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_room_is_identified_by_its_key_and_properties() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    server.create(&ann, "a", Kind::Public).await.expect("made");
    let again = server
        .create(&ann, "a", Kind::Public)
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    let taken = Refusal::NameTaken {
        suggest: Some("a-2".to_owned()),
    };
    assert_refused(server.create(&bob, "a", Kind::Public).await, &taken);
    let other = CreateRoom {
        topic: Some("another".to_owned()),
        ..create_request(&ann, "a", Kind::Public)
    };
    assert_refused(server.ask(other).await, &taken);
    server
        .create(&bob, "a-2", Kind::Public)
        .await
        .expect("made");
    let next = Refusal::NameTaken {
        suggest: Some("a-3".to_owned()),
    };
    assert_refused(server.create(&bob, "a", Kind::Public).await, &next);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_is_identified_by_its_cid() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let with_cid = |who, title| CreateRoom {
        cid: Some("c1".to_owned()),
        ..create_request(who, title, Kind::Private)
    };
    let first = server.ask(with_cid(&ann, "x")).await.expect("made");
    let again = server.ask(with_cid(&ann, "x")).await.expect("a repeat");
    assert_eq!(again.card.room.key, first.card.room.key);
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    assert_refused(server.ask(with_cid(&ann, "y")).await, &Refusal::CidConflict);
    let his = server.ask(with_cid(&bob, "x")).await.expect("made");
    assert_ne!(his.card.room.key, first.card.room.key);
    let nameless = server.create(&ann, "x", Kind::Private).await.expect("made");
    assert!(
        !nameless.done.dup,
        "without a cid each creation is a new one"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_creations_at_once_create_one_room() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let creations = (0..8).map(|_| {
        server.ask(CreateRoom {
            cid: Some("c1".to_owned()),
            ..create_request(&ann, "x", Kind::Private)
        })
    });
    let made = futures_util::future::join_all(creations).await;
    let made: Vec<_> = made.into_iter().map(|made| made.expect("made")).collect();
    assert!(
        made.iter()
            .all(|one| one.card.room.key == made[0].card.room.key)
    );
    assert_eq!(made.iter().filter(|one| !one.done.dup).count(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_rooms_takes_an_account() {
    let server = TestServer::new().await;
    let (gus, _) = server.guest("gus").await;
    for kind in [Kind::Public, Kind::Private] {
        assert_refused(
            server.create(&gus, "a", kind).await,
            &Refusal::NotAllowedForGuests,
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_names_topics_and_kinds_are_refused() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let field = |outcome: Result<_, Refusal>| match outcome.map(|_: rooms::api::Created| ()) {
        Err(Refusal::BadRequest { field, .. } | Refusal::BadText { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        field(server.create(&ann, "No Spaces", Kind::Public).await),
        "name"
    );
    assert_eq!(
        field(server.create(&ann, "  ", Kind::Private).await),
        "name"
    );
    assert_eq!(field(server.create(&ann, "a", Kind::Direct).await), "kind");
    let topic = CreateRoom {
        topic: Some("\0".to_owned()),
        ..create_request(&ann, "a", Kind::Public)
    };
    assert_eq!(field(server.ask(topic).await), "topic");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_room_that_changed_owner_is_taken() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server
        .member_with_role("bob", &ann, &room, Role::Owner)
        .await;
    server
        .moderate(&bob, &room, &ann, Moderation::Kick)
        .await
        .expect("kicked");
    let outcome = server.create(&ann, "a", Kind::Public).await;
    assert!(
        matches!(outcome, Err(Refusal::NameTaken { .. })),
        "{outcome:?}"
    );
    server.close().await;
}
