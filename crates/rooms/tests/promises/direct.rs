//! `dm`.

use crate::house::{House, key, refused};
use rooms::api::{
    AnswerDirect, Created, DirectRoom, Kind, Moderation, OpenDirect, Refusal, Role, RoomKey,
    UpdateRoom,
};
use sessions::api::Caller;

async fn open(house: &House, who: &Caller, user: &str) -> Result<DirectRoom, Refusal> {
    let (caller, user) = (who.clone(), user.to_owned());
    house.ask(OpenDirect { caller, user }).await
}

async fn answer(house: &House, who: &Caller, room: &RoomKey) -> Result<Created, Refusal> {
    let (caller, room) = (who.clone(), room.clone());
    house.ask(AnswerDirect { caller, room }).await
}

async fn opened(house: &House, who: &Caller, user: &str) -> RoomKey {
    let room = open(house, who, user).await.expect("a direct room");
    room.card.room.key.clone()
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
    let opened: Vec<DirectRoom> = opened
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

fn limit(limit: &'static str) -> Refusal {
    Refusal::LimitReached { limit }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_counts_for_those_who_chose_it() {
    let house = House::with(rooms::Settings {
        rooms_max: 1,
        ..rooms::Settings::default()
    })
    .await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let cleo = house.person("cleo").await;
    let room = opened(&house, &ann, "@bob").await;
    refused(open(&house, &ann, "@cleo").await, &limit("rooms_max"));
    let with_cleo = opened(&house, &cleo, "@bob").await;
    house.join(&bob, &key("general")).await.expect("unhindered");
    refused(answer(&house, &bob, &room).await, &limit("rooms_max"));
    house.leave(&bob, &key("general")).await.expect("left");
    answer(&house, &bob, &room).await.expect("his choice now");
    refused(house.join(&bob, &key("general")).await, &limit("rooms_max"));
    // Writing an answer is never refused, and counts.
    house.say(&bob, &with_cleo, "1", "hi").await.expect("sent");
    house.leave(&bob, &room).await.expect("left");
    refused(house.join(&bob, &key("general")).await, &limit("rooms_max"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_a_direct_room_closes_it_until_they_come_back() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let cleo = house.person("cleo").await;
    let room = opened(&house, &ann, "@bob").await;
    house.say(&ann, &room, "1", "hello").await.expect("sent");
    let left = house.leave(&bob, &room).await.expect("declined");
    assert!(!left.dup);
    let again = house.leave(&bob, &room).await.expect("a repeat");
    assert_eq!((again.seq, again.dup), (left.seq, true));
    refused(
        house.say(&ann, &room, "2", "why?").await,
        &Refusal::OtherLeft,
    );
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::NoSuchRoom);
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    let found = open(&house, &ann, "@bob").await.expect("a repeat");
    assert!(found.done.dup && found.answered, "nothing changes by it");
    refused(answer(&house, &cleo, &room).await, &Refusal::NoSuchRoom);
    let back = open(&house, &bob, "@ann").await.expect("found");
    assert!(!back.answered, "he has left it");
    let back = answer(&house, &bob, &room).await.expect("back");
    assert!(!back.done.dup);
    house
        .say(&ann, &room, "3", "there you are")
        .await
        .expect("sent");
    let twice = answer(&house, &bob, &room).await.expect("a repeat");
    assert_eq!((twice.done.seq, twice.done.dup), (back.done.seq, true));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opener_waits_for_few_answers_at_once() {
    let house = House::with(rooms::Settings {
        quotas: rooms::Quotas {
            direct_unanswered_max: 2,
            direct_unanswered_guest_max: 1,
            direct_day_max: 4,
            direct_day_guest_max: 2,
            ..rooms::Quotas::default()
        },
        ..rooms::Settings::default()
    })
    .await;
    let ann = house.person("ann").await;
    let (gus, _) = house.guest("gus").await;
    let mut others = Vec::new();
    for name in ["bob", "cleo", "dan", "eve", "fay"] {
        others.push(house.person(name).await);
    }
    let first = opened(&house, &ann, "@bob").await;
    let second = opened(&house, &ann, "@cleo").await;
    let unanswered = limit("direct_unanswered_max");
    refused(open(&house, &ann, "@dan").await, &unanswered);
    house
        .say(&others[0], &first, "1", "yes?")
        .await
        .expect("an answer");
    house.leave(&others[1], &second).await.expect("declined");
    opened(&house, &ann, "@dan").await;
    opened(&house, &ann, "@eve").await;
    house
        .leave(&others[2], &opened(&house, &ann, "@dan").await)
        .await
        .expect("declined");
    refused(open(&house, &ann, "@fay").await, &limit("direct_day_max"));
    let his = opened(&house, &gus, "@bob").await;
    refused(open(&house, &gus, "@cleo").await, &unanswered);
    house.leave(&others[0], &his).await.expect("declined");
    let his = opened(&house, &gus, "@cleo").await;
    house.leave(&others[1], &his).await.expect("declined");
    refused(open(&house, &gus, "@dan").await, &limit("direct_day_max"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_take_half_of_the_places_that_wait_for_one_person() {
    let house = House::with(rooms::Settings {
        quotas: rooms::Quotas {
            direct_waiting_max: 4,
            ..rooms::Quotas::default()
        },
        ..rooms::Settings::default()
    })
    .await;
    let ann = house.person("ann").await;
    let waiting = limit("direct_waiting_max");
    for n in 0..3 {
        let (guest, _) = house.guest(&format!("guest-{n}")).await;
        let outcome = open(&house, &guest, "@ann").await;
        match n {
            0 | 1 => drop(outcome.expect("a place")),
            _ => refused(outcome, &waiting),
        }
    }
    for n in 0..3 {
        let friend = house.person(&format!("friend-{n}")).await;
        let outcome = open(&house, &friend, "@ann").await;
        match n {
            0 | 1 => drop(outcome.expect("a place")),
            _ => refused(outcome, &waiting),
        }
    }
    house.join(&ann, &key("general")).await.expect("unhindered");
    house.close().await;
}
