//! `dm`.

use crate::house::{House, key, refused};
use rooms::api::{Created, Kind, Moderation, OpenDirect, Refusal, Role, UpdateRoom};
use sessions::api::Caller;

async fn open(house: &House, who: &Caller, user: &str) -> Result<Created, Refusal> {
    let (caller, user) = (who.clone(), user.to_owned());
    house.ask(OpenDirect { caller, user }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_have_one_direct_room() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let first = open(&house, &ann, "@bob").await.expect("made");
    assert_eq!(first.card.room.kind, Kind::Direct);
    assert_eq!(first.card.with, Some(bob.user.clone()));
    assert_eq!((first.done.seq, first.done.dup), (1, false));
    let again = open(&house, &ann, &bob.user.id.to_string())
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    let his = open(&house, &bob, "@Ann").await.expect("a repeat");
    assert_eq!((his.done.seq, his.done.dup), (2, true));
    assert_eq!(his.card.room.key, first.card.room.key);
    assert_eq!(his.card.with, Some(ann.user.clone()));
    let log = house.log(&first.card.room.key).await;
    let authors: Vec<_> = log.iter().map(|entry| &entry.author).collect();
    assert_eq!(authors, [&ann.user, &bob.user]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_at_once_make_one_room() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let opened = futures_util::future::join_all((0..8).map(|n| {
        let (house, who, with) = match n % 2 {
            0 => (&house, &ann, "@bob"),
            _ => (&house, &bob, "@ann"),
        };
        open(house, who, with)
    }));
    let opened: Vec<Created> = opened
        .await
        .into_iter()
        .map(|one| one.expect("open"))
        .collect();
    let room = opened[0].card.room.key.clone();
    assert!(opened.iter().all(|one| one.card.room.key == room));
    assert_eq!(house.kinds(&room).await, ["joined", "joined"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_talks_to_themselves_or_to_nobody() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let outcome = open(&house, &ann, "@ann").await;
    assert!(
        matches!(outcome, Err(Refusal::BadRequest { field: "user", .. })),
        "{outcome:?}"
    );
    for nobody in ["@nobody", "nobody", "", "@", "@a\0b"] {
        refused(open(&house, &ann, nobody).await, &Refusal::NoSuchUser);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_has_no_doors() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let cleo = house.person("cleo").await;
    let room = open(&house, &ann, "@bob")
        .await
        .expect("made")
        .card
        .room
        .key
        .clone();
    refused(house.leave(&ann, &room).await, &Refusal::Forbidden);
    for what in [
        Moderation::Invite,
        Moderation::Kick,
        Moderation::Ban,
        Moderation::Unban,
        Moderation::Mute { until_ms: i64::MAX },
        Moderation::Role(Role::Moderator),
    ] {
        refused(
            house.moderate(&ann, &room, &bob, what).await,
            &Refusal::Forbidden,
        );
    }
    let update = UpdateRoom {
        caller: ann.clone(),
        room: room.clone(),
        title: Some("us".to_owned()),
        topic: None,
        history: None,
        kind: None,
    };
    refused(house.ask(update).await, &Refusal::Forbidden);
    refused(house.join(&cleo, &room).await, &Refusal::NoSuchRoom);
    refused(
        house.say(&cleo, &room, "1", "x").await,
        &Refusal::NoSuchRoom,
    );
    assert!(house.join(&bob, &room).await.expect("a member").dup);
    house.say(&bob, &room, "1", "hi").await.expect("sent");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_may_be_talked_to() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let (gus, _) = house.guest("gus").await;
    let room = open(&house, &gus, "@ann")
        .await
        .expect("made")
        .card
        .room
        .key
        .clone();
    assert!(open(&house, &ann, "@gus").await.expect("a repeat").done.dup);
    house.say(&gus, &room, "1", "hi").await.expect("sent");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_rooms_count_for_both() {
    let house = House::with(rooms::Settings {
        rooms_max: 1,
        ..rooms::Settings::default()
    })
    .await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let cleo = house.person("cleo").await;
    open(&house, &ann, "@bob").await.expect("made");
    let limit = Refusal::LimitReached { limit: "rooms_max" };
    refused(open(&house, &ann, "@cleo").await, &limit);
    refused(open(&house, &cleo, "@bob").await, &limit);
    refused(house.join(&bob, &key("general")).await, &limit);
    house.close().await;
}
