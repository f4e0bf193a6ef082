//! `join`.

use crate::house::{House, key, open_history, refused, wish};
use rooms::api::{Kind, Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn anyone_joins_a_public_room_and_reads_all_of_it() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.public(&ann, "a").await;
    house.say(&ann, &room, "1", "early").await.expect("sent");
    let joined = house.join(&bob, &room).await.expect("a member");
    assert_eq!(
        (joined.role, joined.head, joined.visible_from),
        (Role::Member, 3, 1)
    );
    assert!(!joined.dup);
    assert_eq!(house.kinds(&room).await, ["joined", "message", "joined"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_joins_without_an_entry() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let again = house.join(&ann, &room).await.expect("a member");
    assert!(again.dup);
    assert_eq!((again.role, again.head), (Role::Owner, 1));
    assert_eq!(house.kinds(&room).await, ["joined"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_is_there_for_the_invited_only() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.private(&ann, "quiet").await;
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    house
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    let joined = house.join(&bob, &room).await.expect("a member");
    assert_eq!(joined.visible_from, 3, "from their own joining");
    house.leave(&bob, &room).await.expect("left");
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_may_show_its_whole_log() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let created = house
        .ask(open_history(wish(&ann, "open", Kind::Private)))
        .await
        .expect("made");
    let room = created.card.room.key.clone();
    let bob = house.person("bob").await;
    house
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    assert_eq!(
        house
            .join(&bob, &room)
            .await
            .expect("a member")
            .visible_from,
        1
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stay_sees_nothing_of_the_first() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.private(&ann, "quiet").await;
    let bob = house.invited("bob", &ann, &room).await;
    house
        .say(&bob, &room, "1", "of the first stay")
        .await
        .expect("sent");
    house.leave(&bob, &room).await.expect("left");
    house
        .moderate(&ann, &room, &bob, Moderation::Invite)
        .await
        .expect("invited");
    let joined = house.join(&bob, &room).await.expect("a member");
    assert_eq!(joined.visible_from, joined.head);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_a_limit_to_the_rooms_of_one_person() {
    let house = House::with(rooms::Settings {
        rooms_max: 2,
        ..rooms::Settings::default()
    })
    .await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let rooms = [house.public(&ann, "a").await, house.public(&ann, "b").await];
    let limit = Refusal::LimitReached { limit: "rooms_max" };
    refused(house.create(&ann, "c", Kind::Public).await, &limit);
    refused(house.join(&ann, &key("general")).await, &limit);
    assert!(
        house
            .create(&ann, "a", Kind::Public)
            .await
            .expect("a repeat")
            .done
            .dup
    );
    house.join(&bob, &rooms[0]).await.expect("a member");
    house.join(&bob, &rooms[1]).await.expect("a member");
    refused(house.join(&bob, &key("general")).await, &limit);
    assert!(house.join(&bob, &rooms[0]).await.expect("a repeat").dup);
    house.leave(&bob, &rooms[0]).await.expect("left");
    house.join(&bob, &key("general")).await.expect("a member");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_is_no_room() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    for name in ["nowhere", "", "a\0b", "ünï", &"x".repeat(5_000)] {
        refused(house.join(&ann, &key(name)).await, &Refusal::NoSuchRoom);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn general_is_there_from_the_start_and_owned_by_nobody() {
    let house = House::new().await;
    rooms::create_general(&house.deps).await.expect("once more");
    let ann = house.person("ann").await;
    let joined = house.join(&ann, &key("general")).await.expect("a member");
    assert_eq!((joined.role, joined.head), (Role::Member, 1));
    house.close().await;
}
