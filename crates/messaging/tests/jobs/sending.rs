use crate::asks::message;
use crate::house::{House, refused};
use messaging::api::{Refusal, SendMessage, Sent};
use rooms::api::{Change, Kind, Moderation};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_takes_the_next_place_in_its_room() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "hello").await;
    let second = house.send(&ann, &room, "c2", "again").await;
    assert_eq!(second.seq, first.seq + 1);
    assert!(!first.dup && !second.dup);
    let entry = house.entry(&room, first.seq).await;
    assert_eq!(entry.id(), first.id);
    assert_eq!((entry.at, entry.author), (first.at, ann.user));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_ack() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "hello").await;
    let repeat = house.send(&ann, &room, "c1", "hello").await;
    assert_eq!(
        repeat,
        Sent {
            dup: true,
            ..first.clone()
        }
    );
    assert_eq!(house.head(&ann, &room).await, first.seq);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_within_one_batch_gets_the_first_ack() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sends = (0..20).map(|_| house.send(&ann, &room, "c1", "hello"));
    let acks = futures_util::future::join_all(sends).await;
    assert_eq!(acks.iter().filter(|ack| !ack.dup).count(), 1);
    assert!(acks.iter().all(|ack| ack.seq == acks[0].seq));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cid_stands_for_one_body_and_one_reply() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "hello").await;
    let other_body = house.try_send(&ann, &room, "c1", "good bye").await;
    refused(other_body, &Refusal::CidConflict);
    let other_reply = SendMessage {
        reply_to: Some(first.seq),
        ..message(&ann, &room, "c1", "hello")
    };
    refused(house.ask(other_reply).await, &Refusal::CidConflict);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cid_belongs_to_its_author_and_room() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let other_room = house.room(&ann, "elsewhere").await;
    assert!(!house.send(&ann, &room, "c1", "hello").await.dup);
    assert!(!house.send(&bob, &room, "c1", "hi").await.dup);
    assert!(!house.send(&ann, &other_room, "c1", "hey").await.dup);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_known_after_an_edit_and_a_deletion() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "hello").await;
    let repeated = Sent {
        dup: true,
        ..first.clone()
    };

    house.edit(&ann, &room, first.seq, "changed").await;
    assert_eq!(house.send(&ann, &room, "c1", "hello").await, repeated);
    let as_edited = house.try_send(&ann, &room, "c1", "changed").await;
    refused(as_edited, &Refusal::CidConflict);

    house.delete(&ann, &room, first.seq).await;
    assert_eq!(house.send(&ann, &room, "c1", "hello").await, repeated);
    let other = house.try_send(&ann, &room, "c1", "other").await;
    refused(other, &Refusal::CidConflict);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_stored_normalised() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "cafe\u{301}").await;
    assert_eq!(
        house.newest(&ann, &room).await.body.as_deref(),
        Some("café")
    );
    let repeat = house.send(&ann, &room, "c1", "café").await;
    assert_eq!((repeat.seq, repeat.dup), (first.seq, true));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_texts_and_cids_are_refused() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let too_long = "a".repeat(4_001);
    for body in ["", "  \n ", "a\0b", "a\u{7}b", too_long.as_str()] {
        let refusal = house.try_send(&ann, &room, "c1", body).await.unwrap_err();
        assert!(
            matches!(refusal, Refusal::BadText { field: "body", .. }),
            "{refusal:?}"
        );
    }
    for cid in [String::new(), "c".repeat(65), "a\0b".to_owned()] {
        let refusal = house
            .try_send(&ann, &room, &cid, "hello")
            .await
            .unwrap_err();
        assert!(
            matches!(refusal, Refusal::BadRequest { field: "cid", .. }),
            "{refusal:?}"
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_who_may_speak_send() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let secret = house.room_of(&ann, "secret", Kind::Private).await;
    let bob = house.person("bob").await;
    refused(
        house.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::NotMember,
    );
    refused(
        house.try_send(&bob, &secret, "c1", "hi").await,
        &Refusal::NoSuchRoom,
    );
    let nowhere = House::key("nowhere");
    refused(
        house.try_send(&bob, &nowhere, "c1", "hi").await,
        &Refusal::NoSuchRoom,
    );

    house.join(&bob, &room).await;
    house.mute(&ann, &bob, &room).await;
    refused(
        house.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::Muted,
    );
    house.moderate(&ann, &bob, &room, Moderation::Ban).await;
    refused(
        house.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::NotMember,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_send_fails_alone() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let stranger = house.person("bob").await;
    let cids: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
    let sends = cids.iter().enumerate().map(|(n, cid)| {
        let who = if n % 2 == 0 { &ann } else { &stranger };
        house.try_send(who, &room, cid, "hello")
    });
    let outcomes = futures_util::future::join_all(sends).await;
    assert!(outcomes.iter().step_by(2).all(Result::is_ok));
    assert!(outcomes.iter().skip(1).step_by(2).all(Result::is_err));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_names_a_message_of_the_room() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "hello").await;
    let reply = |cid: &str, seq| SendMessage {
        reply_to: Some(seq),
        ..message(&ann, &room, cid, "indeed")
    };
    house.ask(reply("c2", first.seq)).await.unwrap();
    assert_eq!(house.newest(&ann, &room).await.reply_to, Some(first.seq));
    refused(house.ask(reply("c3", 999)).await, &Refusal::NoSuchMessage);
    refused(house.ask(reply("c4", 1)).await, &Refusal::NoSuchMessage);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_are_named_are_mentioned() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    house.person("eve").await;
    house
        .send(&ann, &room, "c1", "@bob, have you seen @eve?")
        .await;
    assert_eq!(house.newest(&ann, &room).await.mentions, [bob.user]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_send_writes_none_of_messagings_tables() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    house.send(&ann, &room, "c1", "hello").await;
    for table in ["message_states", "reactions", "markers"] {
        assert_eq!(house.count(table).await, 0, "{table}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_stated_once_and_in_order() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    house.send(&ann, &room, "c1", "hello").await;
    house.edit(&ann, &room, sent.seq, "changed").await;
    house.react(&ann, &room, sent.seq, "👍", true).await;
    house.delete(&ann, &room, sent.seq).await;
    let stated = house.stated_entries(&room).await;
    let seqs: Vec<_> = stated.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=sent.seq + 3).collect::<Vec<_>>());
    assert!(
        matches!(stated.last().unwrap().change, Change::Deleted { target } if target == sent.seq)
    );
    house.close().await;
}
