//! `dm`.

use crate::server::{TestServer, assert_refused, key};
use rooms::api::{
    AnswerDirect, Created, DirectRoom, Kind, Moderation, OpenDirect, Refusal, Role, RoomKey,
    UpdateRoom,
};
use sessions::api::Caller;

async fn open(server: &TestServer, who: &Caller, user: &str) -> Result<DirectRoom, Refusal> {
    let (caller, user) = (who.clone(), user.to_owned());
    server.ask(OpenDirect { caller, user }).await
}

async fn answer(server: &TestServer, who: &Caller, room: &RoomKey) -> Result<Created, Refusal> {
    let (caller, room) = (who.clone(), room.clone());
    server.ask(AnswerDirect { caller, room }).await
}

async fn opened(server: &TestServer, who: &Caller, user: &str) -> RoomKey {
    let room = open(server, who, user).await.expect("a direct room");
    room.card.room.key.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_have_one_direct_room() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let first = open(&server, &ann, "@bob").await.expect("made");
    assert_eq!(first.card.room.kind, Kind::Direct);
    assert_eq!(first.card.with, Some(bob.user.clone()));
    assert_eq!((first.done.seq, first.done.dup), (1, false));
    let again = open(&server, &ann, &bob.user.id.to_string())
        .await
        .expect("a repeat");
    assert_eq!((again.done.seq, again.done.dup), (1, true));
    let his = open(&server, &bob, "@Ann").await.expect("a repeat");
    assert_eq!((his.done.seq, his.done.dup), (2, true));
    assert_eq!(his.card.room.key, first.card.room.key);
    assert_eq!(his.card.with, Some(ann.user.clone()));
    let log = server.log(&first.card.room.key).await;
    let authors: Vec<_> = log.iter().map(|entry| &entry.author).collect();
    assert_eq!(authors, [&ann.user, &bob.user]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_opening_at_once_create_one_room() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let opened = futures_util::future::join_all((0..8).map(|n| {
        let (server, who, with) = match n % 2 {
            0 => (&server, &ann, "@bob"),
            _ => (&server, &bob, "@ann"),
        };
        open(server, who, with)
    }));
    let opened: Vec<DirectRoom> = opened
        .await
        .into_iter()
        .map(|one| one.expect("open"))
        .collect();
    let room = opened[0].card.room.key.clone();
    assert!(opened.iter().all(|one| one.card.room.key == room));
    assert_eq!(server.kinds(&room).await, ["joined", "joined"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_takes_another_existing_person() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let outcome = open(&server, &ann, "@ann").await;
    assert!(
        matches!(outcome, Err(Refusal::BadRequest { field: "user", .. })),
        "{outcome:?}"
    );
    for nobody in ["@nobody", "nobody", "", "@", "@a\0b"] {
        assert_refused(open(&server, &ann, nobody).await, &Refusal::NoSuchUser);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_and_moderating_a_direct_room_are_refused() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let cleo = server.person("cleo").await;
    let room = open(&server, &ann, "@bob")
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
        assert_refused(
            server.moderate(&ann, &room, &bob, what).await,
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
    assert_refused(server.ask(update).await, &Refusal::Forbidden);
    assert_refused(server.join(&cleo, &room).await, &Refusal::NoSuchRoom);
    assert_refused(
        server.send(&cleo, &room, "1", "x").await,
        &Refusal::NoSuchRoom,
    );
    assert!(server.join(&bob, &room).await.expect("a member").dup);
    server.send(&bob, &room, "1", "hi").await.expect("sent");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_may_have_direct_rooms() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (gus, _) = server.guest("gus").await;
    let room = open(&server, &gus, "@ann")
        .await
        .expect("made")
        .card
        .room
        .key
        .clone();
    assert!(
        open(&server, &ann, "@gus")
            .await
            .expect("a repeat")
            .done
            .dup
    );
    server.send(&gus, &room, "1", "hi").await.expect("sent");
    server.close().await;
}

fn limit(limit: &'static str) -> Refusal {
    Refusal::LimitReached { limit }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_room_counts_for_those_who_opened_or_answered_it() {
    let server = TestServer::with(rooms::Settings {
        rooms_max: 1,
        ..rooms::Settings::default()
    })
    .await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let cleo = server.person("cleo").await;
    let room = opened(&server, &ann, "@bob").await;
    assert_refused(open(&server, &ann, "@cleo").await, &limit("rooms_max"));
    let with_cleo = opened(&server, &cleo, "@bob").await;
    server
        .join(&bob, &key("general"))
        .await
        .expect("unhindered");
    assert_refused(answer(&server, &bob, &room).await, &limit("rooms_max"));
    server.leave(&bob, &key("general")).await.expect("left");
    answer(&server, &bob, &room).await.expect("his choice now");
    assert_refused(
        server.join(&bob, &key("general")).await,
        &limit("rooms_max"),
    );
    // Answering by writing is never refused, and makes the room count.
    server
        .send(&bob, &with_cleo, "1", "hi")
        .await
        .expect("sent");
    server.leave(&bob, &room).await.expect("left");
    assert_refused(
        server.join(&bob, &key("general")).await,
        &limit("rooms_max"),
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_direct_room_closes_it_until_the_leaver_comes_back() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let cleo = server.person("cleo").await;
    let room = opened(&server, &ann, "@bob").await;
    server.send(&ann, &room, "1", "hello").await.expect("sent");
    let left = server.leave(&bob, &room).await.expect("declined");
    assert!(!left.dup);
    let again = server.leave(&bob, &room).await.expect("a repeat");
    assert_eq!((again.seq, again.dup), (left.seq, true));
    assert_refused(
        server.send(&ann, &room, "2", "why?").await,
        &Refusal::OtherLeft,
    );
    assert_refused(
        server.send(&bob, &room, "1", "x").await,
        &Refusal::NoSuchRoom,
    );
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    let found = open(&server, &ann, "@bob").await.expect("a repeat");
    assert!(found.done.dup && found.answered, "nothing changes by it");
    assert_refused(answer(&server, &cleo, &room).await, &Refusal::NoSuchRoom);
    let back = open(&server, &bob, "@ann").await.expect("found");
    assert!(!back.answered, "he has left it");
    let back = answer(&server, &bob, &room).await.expect("back");
    assert!(!back.done.dup);
    server
        .send(&ann, &room, "3", "there you are")
        .await
        .expect("sent");
    let twice = answer(&server, &bob, &room).await.expect("a repeat");
    assert_eq!((twice.done.seq, twice.done.dup), (back.done.seq, true));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opener_has_a_limited_number_of_unanswered_rooms() {
    let server = TestServer::with(rooms::Settings {
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
    let ann = server.person("ann").await;
    let (gus, _) = server.guest("gus").await;
    let mut others = Vec::new();
    for name in ["bob", "cleo", "dan", "eve", "fay"] {
        others.push(server.person(name).await);
    }
    let first = opened(&server, &ann, "@bob").await;
    let second = opened(&server, &ann, "@cleo").await;
    let unanswered = limit("direct_unanswered_max");
    assert_refused(open(&server, &ann, "@dan").await, &unanswered);
    server
        .send(&others[0], &first, "1", "yes?")
        .await
        .expect("an answer");
    server.leave(&others[1], &second).await.expect("declined");
    opened(&server, &ann, "@dan").await;
    opened(&server, &ann, "@eve").await;
    server
        .leave(&others[2], &opened(&server, &ann, "@dan").await)
        .await
        .expect("declined");
    assert_refused(open(&server, &ann, "@fay").await, &limit("direct_day_max"));
    let his = opened(&server, &gus, "@bob").await;
    assert_refused(open(&server, &gus, "@cleo").await, &unanswered);
    server.leave(&others[0], &his).await.expect("declined");
    let his = opened(&server, &gus, "@cleo").await;
    server.leave(&others[1], &his).await.expect("declined");
    assert_refused(open(&server, &gus, "@dan").await, &limit("direct_day_max"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_may_open_half_of_the_rooms_waiting_for_one_person() {
    let server = TestServer::with(rooms::Settings {
        quotas: rooms::Quotas {
            direct_waiting_max: 4,
            ..rooms::Quotas::default()
        },
        ..rooms::Settings::default()
    })
    .await;
    let ann = server.person("ann").await;
    let waiting = limit("direct_waiting_max");
    for n in 0..3 {
        let (guest, _) = server.guest(&format!("guest-{n}")).await;
        let outcome = open(&server, &guest, "@ann").await;
        match n {
            0 | 1 => drop(outcome.expect("a place")),
            _ => assert_refused(outcome, &waiting),
        }
    }
    for n in 0..3 {
        let friend = server.person(&format!("friend-{n}")).await;
        let outcome = open(&server, &friend, "@ann").await;
        match n {
            0 | 1 => drop(outcome.expect("a place")),
            _ => assert_refused(outcome, &waiting),
        }
    }
    server
        .join(&ann, &key("general"))
        .await
        .expect("unhindered");
    server.close().await;
}
