//! `room.create`.

use crate::house::{House, refused, wish};
use rooms::api::{CreateRoom, History, Kind, Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn the_creator_of_a_public_room_owns_it_under_the_chosen_key() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let created = house
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
    assert_eq!(house.kinds(&room.key).await, ["joined"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_gets_a_key_from_the_server() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let created = house
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
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_creation_is_told_by_its_key_and_settings() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    house.create(&ann, "a", Kind::Public).await.expect("made");
    let again = house
        .create(&ann, "a", Kind::Public)
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    let taken = Refusal::NameTaken {
        suggest: Some("a-2".to_owned()),
    };
    refused(house.create(&bob, "a", Kind::Public).await, &taken);
    let other = CreateRoom {
        topic: Some("another".to_owned()),
        ..wish(&ann, "a", Kind::Public)
    };
    refused(house.ask(other).await, &taken);
    house.create(&bob, "a-2", Kind::Public).await.expect("made");
    let next = Refusal::NameTaken {
        suggest: Some("a-3".to_owned()),
    };
    refused(house.create(&bob, "a", Kind::Public).await, &next);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_creation_is_told_by_its_cid() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let with_cid = |who, title| CreateRoom {
        cid: Some("c1".to_owned()),
        ..wish(who, title, Kind::Private)
    };
    let first = house.ask(with_cid(&ann, "x")).await.expect("made");
    let again = house.ask(with_cid(&ann, "x")).await.expect("a repeat");
    assert_eq!(again.card.room.key, first.card.room.key);
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    refused(house.ask(with_cid(&ann, "y")).await, &Refusal::CidConflict);
    let his = house.ask(with_cid(&bob, "x")).await.expect("made");
    assert_ne!(his.card.room.key, first.card.room.key);
    let nameless = house.create(&ann, "x", Kind::Private).await.expect("made");
    assert!(
        !nameless.done.dup,
        "without a cid each creation is a new one"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_creations_at_once_make_one_room() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let creations = (0..8).map(|_| {
        house.ask(CreateRoom {
            cid: Some("c1".to_owned()),
            ..wish(&ann, "x", Kind::Private)
        })
    });
    let made = futures_util::future::join_all(creations).await;
    let made: Vec<_> = made.into_iter().map(|made| made.expect("made")).collect();
    assert!(
        made.iter()
            .all(|one| one.card.room.key == made[0].card.room.key)
    );
    assert_eq!(made.iter().filter(|one| !one.done.dup).count(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn making_rooms_takes_an_account() {
    let house = House::new().await;
    let (gus, _) = house.guest("gus").await;
    for kind in [Kind::Public, Kind::Private] {
        refused(
            house.create(&gus, "a", kind).await,
            &Refusal::NotAllowedForGuests,
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_names_topics_and_kinds_are_refused() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let field = |outcome: Result<_, Refusal>| match outcome.map(|_: rooms::api::Created| ()) {
        Err(Refusal::BadRequest { field, .. } | Refusal::BadText { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        field(house.create(&ann, "No Spaces", Kind::Public).await),
        "name"
    );
    assert_eq!(field(house.create(&ann, "  ", Kind::Private).await), "name");
    assert_eq!(field(house.create(&ann, "a", Kind::Direct).await), "kind");
    let topic = CreateRoom {
        topic: Some("\0".to_owned()),
        ..wish(&ann, "a", Kind::Public)
    };
    assert_eq!(field(house.ask(topic).await), "topic");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_no_longer_mine_is_taken() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.ranked("bob", &ann, &room, Role::Owner).await;
    house
        .moderate(&bob, &room, &ann, Moderation::Kick)
        .await
        .expect("kicked");
    let outcome = house.create(&ann, "a", Kind::Public).await;
    assert!(
        matches!(outcome, Err(Refusal::NameTaken { .. })),
        "{outcome:?}"
    );
    house.close().await;
}
