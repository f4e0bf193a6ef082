//! `room.update`.

use crate::house::{House, refused};
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
async fn a_change_is_an_entry_that_shows_the_room_after_it() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let done = house.ask(topic(&ann, &room, "tea")).await.expect("changed");
    assert_eq!((done.done.seq, done.done.dup), (2, false));
    assert_eq!(done.card.room.topic, "tea");
    let entry = house.log(&room).await.pop().expect("entries");
    let expected = Change::Room {
        title: "a".to_owned(),
        topic: "tea".to_owned(),
        history: History::All,
        kind: Kind::Public,
    };
    assert_eq!(entry.change, expected);
    assert_eq!(house.stated(&room).await, house.log(&room).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_so_already_names_the_entry_that_made_it_so() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let untouched = house.ask(topic(&ann, &room, "")).await.expect("a repeat");
    assert_eq!((untouched.done.seq, untouched.done.dup), (1, true));
    house.ask(topic(&ann, &room, "tea")).await.expect("changed");
    house.say(&ann, &room, "1", "x").await.expect("sent");
    let again = house
        .ask(topic(&ann, &room, "tea"))
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (2, true));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_change_texts_and_owners_everything() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    let bob = house.member("bob", &room).await;
    let out = house.person("out").await;
    refused(
        house.ask(topic(&bob, &room, "x")).await,
        &Refusal::Forbidden,
    );
    refused(
        house.ask(topic(&out, &room, "x")).await,
        &Refusal::NotMember,
    );
    house.ask(topic(&mia, &room, "tea")).await.expect("changed");
    refused(
        house.ask(kind(&mia, &room, Kind::Private)).await,
        &Refusal::Forbidden,
    );
    let history = UpdateRoom {
        history: Some(History::SinceJoin),
        ..update(&mia, &room)
    };
    refused(house.ask(history).await, &Refusal::Forbidden);
    house
        .ask(kind(&ann, &room, Kind::Private))
        .await
        .expect("changed");
    refused(house.join(&out, &room).await, &Refusal::NoSuchRoom);
    house
        .ask(kind(&ann, &room, Kind::Public))
        .await
        .expect("changed back");
    house.join(&out, &room).await.expect("a member");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_the_server_named_stays_private() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.private(&ann, "quiet").await;
    for wanted in [Kind::Public, Kind::Direct] {
        let outcome = house.ask(kind(&ann, &room, wanted)).await;
        assert!(
            matches!(outcome, Err(Refusal::BadRequest { field: "kind", .. })),
            "{outcome:?}"
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_keep_general_tidy() {
    let house = House::new().await;
    let (ann, root) = (house.person("ann").await, house.admin("root").await);
    let general = crate::house::key("general");
    for who in [&ann, &root] {
        house.join(who, &general).await.expect("a member");
    }
    refused(
        house.ask(topic(&ann, &general, "x")).await,
        &Refusal::Forbidden,
    );
    house
        .ask(topic(&root, &general, "be kind"))
        .await
        .expect("changed");
    house
        .moderate(&root, &general, &ann, Moderation::Kick)
        .await
        .expect("kicked");
    house.close().await;
}
