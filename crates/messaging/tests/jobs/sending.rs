use crate::commands::message;
use crate::server::{TestServer, assert_refused};
use messaging::api::{Refusal, SendMessage, Sent};
use rooms::api::{Change, Kind, Moderation};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_takes_the_next_seq_of_its_room() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "hello").await;
    let second = server.send(&ann, &room, "c2", "again").await;
    assert_eq!(second.seq, first.seq + 1);
    assert!(!first.dup && !second.dup);
    let entry = server.entry(&room, first.seq).await;
    assert_eq!(entry.id(), first.id);
    assert_eq!((entry.at, entry.author), (first.at, ann.user));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_ack() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "hello").await;
    let repeat = server.send(&ann, &room, "c1", "hello").await;
    assert_eq!(
        repeat,
        Sent {
            dup: true,
            ..first.clone()
        }
    );
    assert_eq!(server.head(&ann, &room).await, first.seq);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_within_one_batch_gets_the_first_ack() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sends = (0..20).map(|_| server.send(&ann, &room, "c1", "hello"));
    let acks = futures_util::future::join_all(sends).await;
    assert_eq!(acks.iter().filter(|ack| !ack.dup).count(), 1);
    assert!(acks.iter().all(|ack| ack.seq == acks[0].seq));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cid_belongs_to_one_body_and_one_reply() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "hello").await;
    let other_body = server.try_send(&ann, &room, "c1", "good bye").await;
    assert_refused(other_body, &Refusal::CidConflict);
    let other_reply = SendMessage {
        reply_to: Some(first.seq),
        ..message(&ann, &room, "c1", "hello")
    };
    assert_refused(server.ask(other_reply).await, &Refusal::CidConflict);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cid_belongs_to_its_author_and_room() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let other_room = server.room(&ann, "elsewhere").await;
    assert!(!server.send(&ann, &room, "c1", "hello").await.dup);
    assert!(!server.send(&bob, &room, "c1", "hi").await.dup);
    assert!(!server.send(&ann, &other_room, "c1", "hey").await.dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_recognised_after_an_edit_and_a_deletion() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "hello").await;
    let repeated = Sent {
        dup: true,
        ..first.clone()
    };

    server.edit(&ann, &room, first.seq, "changed").await;
    assert_eq!(server.send(&ann, &room, "c1", "hello").await, repeated);
    let as_edited = server.try_send(&ann, &room, "c1", "changed").await;
    assert_refused(as_edited, &Refusal::CidConflict);

    server.delete(&ann, &room, first.seq).await;
    assert_eq!(server.send(&ann, &room, "c1", "hello").await, repeated);
    let other = server.try_send(&ann, &room, "c1", "other").await;
    assert_refused(other, &Refusal::CidConflict);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_stored_normalised() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "cafe\u{301}").await;
    assert_eq!(
        server.newest(&ann, &room).await.body.as_deref(),
        Some("café")
    );
    let repeat = server.send(&ann, &room, "c1", "café").await;
    assert_eq!((repeat.seq, repeat.dup), (first.seq, true));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_texts_and_cids_are_refused() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let too_long = "a".repeat(4_001);
    for body in ["", "  \n ", "a\0b", "a\u{7}b", too_long.as_str()] {
        let refusal = server.try_send(&ann, &room, "c1", body).await.unwrap_err();
        assert!(
            matches!(refusal, Refusal::BadText { field: "body", .. }),
            "{refusal:?}"
        );
    }
    for cid in [String::new(), "c".repeat(65), "a\0b".to_owned()] {
        let refusal = server
            .try_send(&ann, &room, &cid, "hello")
            .await
            .unwrap_err();
        assert!(
            matches!(refusal, Refusal::BadRequest { field: "cid", .. }),
            "{refusal:?}"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_who_may_write_send() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let secret = server.room_of(&ann, "secret", Kind::Private).await;
    let bob = server.person("bob").await;
    assert_refused(
        server.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::NotMember,
    );
    assert_refused(
        server.try_send(&bob, &secret, "c1", "hi").await,
        &Refusal::NoSuchRoom,
    );
    let nowhere = TestServer::key("nowhere");
    assert_refused(
        server.try_send(&bob, &nowhere, "c1", "hi").await,
        &Refusal::NoSuchRoom,
    );

    server.join(&bob, &room).await;
    server.mute(&ann, &bob, &room).await;
    assert_refused(
        server.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::Muted,
    );
    server.moderate(&ann, &bob, &room, Moderation::Ban).await;
    assert_refused(
        server.try_send(&bob, &room, "c1", "hi").await,
        &Refusal::NotMember,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_send_does_not_affect_others() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let stranger = server.person("bob").await;
    let cids: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
    let sends = cids.iter().enumerate().map(|(n, cid)| {
        let who = if n % 2 == 0 { &ann } else { &stranger };
        server.try_send(who, &room, cid, "hello")
    });
    let outcomes = futures_util::future::join_all(sends).await;
    assert!(outcomes.iter().step_by(2).all(Result::is_ok));
    assert!(outcomes.iter().skip(1).step_by(2).all(Result::is_err));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_to_a_message_of_the_room() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "hello").await;
    let reply = |cid: &str, seq| SendMessage {
        reply_to: Some(seq),
        ..message(&ann, &room, cid, "indeed")
    };
    server.ask(reply("c2", first.seq)).await.unwrap();
    assert_eq!(server.newest(&ann, &room).await.reply_to, Some(first.seq));
    assert_refused(server.ask(reply("c3", 999)).await, &Refusal::NoSuchMessage);
    assert_refused(server.ask(reply("c4", 1)).await, &Refusal::NoSuchMessage);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_named_in_a_text_are_mentioned() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    server.person("eve").await;
    server
        .send(&ann, &room, "c1", "@bob, have you seen @eve?")
        .await;
    assert_eq!(server.newest(&ann, &room).await.mentions, [bob.user]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_send_writes_none_of_messagings_tables() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.send(&ann, &room, "c1", "hello").await;
    for table in ["message_states", "reactions", "markers"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_published_once_and_in_order() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    server.send(&ann, &room, "c1", "hello").await;
    server.edit(&ann, &room, sent.seq, "changed").await;
    server.react(&ann, &room, sent.seq, "👍", true).await;
    server.delete(&ann, &room, sent.seq).await;
    let published = server.published_entries(&room).await;
    let seqs: Vec<_> = published.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=sent.seq + 3).collect::<Vec<_>>());
    assert!(
        matches!(published.last().unwrap().change, Change::Deleted { target } if target == sent.seq)
    );
    server.close().await;
}
