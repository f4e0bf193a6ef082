//! `log::append`, the log writer.

use crate::items::{OwnedDraft, item, message, reply};
use crate::server::{TestServer, assert_refused, key};
use rooms::api::{Change, Moderation, Refusal, Role};
use std::sync::atomic::Ordering;

fn seqs(
    outcomes: &[Result<rooms::api::log::Appended, Refusal>],
) -> Vec<Result<(i64, bool), Refusal>> {
    outcomes
        .iter()
        .map(|outcome| {
            outcome
                .as_ref()
                .map(|done| (done.seq, done.dup))
                .map_err(Clone::clone)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_the_next_seqs_of_each_room_and_publishes_one_event() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (a, b) = (
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    );
    let before = server.events().await;
    let batch = vec![
        item(&ann, &a, message("1", "one")),
        item(&ann, &b, message("1", "two")),
        item(&ann, &a, message("2", "three")),
    ];
    let outcomes = server.append(batch).await;
    assert_eq!(
        seqs(&outcomes),
        [Ok((2, false)), Ok((2, false)), Ok((3, false))]
    );
    assert_eq!(server.events().await, before + 1);
    assert_eq!(server.published(&a).await, server.log(&a).await);
    assert_eq!(server.published(&b).await, server.log(&b).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_item_takes_no_seq() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    let batch = vec![
        item(&ann, &room, message("1", "one")),
        item(&bob, &room, message("1", "not a member")),
        item(&ann, &key("nowhere"), message("1", "no room")),
        item(&ann, &room, reply("2", "to nothing", 9)),
        item(&ann, &room, message("3", "two")),
    ];
    let outcomes = server.append(batch).await;
    let expected = [
        Ok((2, false)),
        Err(Refusal::NotMember),
        Err(Refusal::NoSuchRoom),
        Err(Refusal::NoSuchMessage),
        Ok((3, false)),
    ];
    assert_eq!(seqs(&outcomes), expected);
    assert_eq!(server.kinds(&room).await, ["joined", "message", "message"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_refusals_publishes_nothing() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    let before = server.events().await;
    assert_refused(
        server.send(&bob, &room, "1", "x").await,
        &Refusal::NotMember,
    );
    assert_eq!(server.events().await, before);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_recognised_within_the_batch_and_later() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let one = item(&ann, &room, message("1", "one"));
    let batch = vec![
        one.clone(),
        item(&ann, &room, message("2", "two")),
        one.clone(),
    ];
    let outcomes = server.append(batch).await;
    assert_eq!(
        seqs(&outcomes),
        [Ok((2, false)), Ok((3, false)), Ok((2, true))]
    );
    let first_at = outcomes[0].as_ref().expect("sent").at;
    let again = server.append(vec![one]).await;
    assert_eq!(seqs(&again), [Ok((2, true))]);
    assert_eq!(again[0].as_ref().expect("a repeat").at, first_at);
    assert_eq!(server.kinds(&room).await.len(), 3);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cid_is_unique_per_author_and_room() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (a, b) = (
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    );
    let bob = server.member("bob", &a).await;
    let batch = vec![
        item(&ann, &a, message("x", "by ann")),
        item(&bob, &a, message("x", "by bob")),
        item(&ann, &b, message("x", "elsewhere")),
    ];
    assert!(
        server
            .append(batch)
            .await
            .iter()
            .all(|outcome| { outcome.as_ref().is_ok_and(|done| !done.dup) })
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_text_or_reply_under_one_cid_is_a_conflict_for_ever() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let first = server.send(&ann, &room, "1", "one").await.expect("sent");
    assert_refused(
        server.send(&ann, &room, "1", "other").await,
        &Refusal::CidConflict,
    );
    let as_answer = server
        .append(vec![item(&ann, &room, reply("1", "one", first.seq))])
        .await;
    assert_eq!(seqs(&as_answer), [Err(Refusal::CidConflict)]);

    let change = vec![
        item(&ann, &room, OwnedDraft::Edit(first.seq, "other".to_owned())),
        item(&ann, &room, OwnedDraft::Delete(first.seq)),
    ];
    assert!(server.append(change).await.iter().all(Result::is_ok));
    assert!(
        server
            .send(&ann, &room, "1", "one")
            .await
            .expect("a repeat")
            .dup
    );
    assert_refused(
        server.send(&ann, &room, "1", "other").await,
        &Refusal::CidConflict,
    );
    let in_one_run = vec![
        item(&ann, &room, message("2", "a")),
        item(&ann, &room, message("2", "b")),
    ];
    assert_eq!(
        seqs(&server.append(in_one_run).await)[1],
        Err(Refusal::CidConflict)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_members_repeat_is_still_a_repeat() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "1", "hi").await.expect("sent");
    server
        .moderate(&ann, &room, &bob, Moderation::Ban)
        .await
        .expect("banned");
    let again = server.send(&bob, &room, "1", "hi").await.expect("a repeat");
    assert_eq!((again.seq, again.dup), (sent.seq, true));
    assert_refused(
        server.send(&bob, &room, "2", "hi").await,
        &Refusal::NotMember,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_no_gaps_under_concurrent_jobs() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let rooms = [
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    ];
    let bob = server.member("bob", &rooms[0]).await;
    server.join(&bob, &rooms[1]).await.expect("a member");
    let start = [3, 3];
    let sends = (0..200).map(|n| {
        let who = if n % 3 == 0 { &ann } else { &bob };
        let (server, room) = (&server, &rooms[n % 2]);
        async move {
            server
                .send(who, room, &format!("{n}"), "x")
                .await
                .expect("sent")
                .seq
        }
    });
    let mut places = futures_util::future::join_all(sends).await;
    places.sort_unstable();
    let expected: Vec<i64> = (start[0]..start[0] + 100)
        .flat_map(|seq| [seq, seq])
        .collect();
    assert_eq!(places, expected);
    for room in &rooms {
        let log = server.log(room).await;
        let seqs: Vec<i64> = log.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=102).collect::<Vec<i64>>());
        assert_eq!(
            server.published(room).await,
            log,
            "stated in the order of the log"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_must_be_to_a_message_that_its_author_may_read() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    let early = server
        .send(&ann, &room, "1", "before bob")
        .await
        .expect("sent");
    let bob = server.invited("bob", &ann, &room).await;
    let hidden = server
        .append(vec![item(&bob, &room, reply("1", "?", early.seq))])
        .await;
    assert_eq!(seqs(&hidden), [Err(Refusal::NoSuchMessage)]);
    let joined = server
        .append(vec![item(&ann, &room, reply("2", "?", 1))])
        .await;
    assert_eq!(
        seqs(&joined),
        [Err(Refusal::NoSuchMessage)],
        "a joined entry is no message"
    );
    let fine = server
        .append(vec![item(&ann, &room, reply("3", "!", early.seq))])
        .await;
    assert!(fine[0].is_ok());
    let last = server.log(&room).await.pop().expect("entries");
    assert!(matches!(last.change, Change::Message { reply_to, .. } if reply_to == Some(early.seq)));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_sees_the_items_before_it() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let batch = vec![
        item(&ann, &room, message("1", "one")),
        item(&ann, &room, reply("2", "to it", 2)),
        item(&ann, &room, OwnedDraft::Delete(2)),
        item(&ann, &room, OwnedDraft::Edit(2, "too late".to_owned())),
        item(&ann, &room, OwnedDraft::React(2, "👍".to_owned())),
    ];
    let outcomes = seqs(&server.append(batch).await);
    let gone = Err(Refusal::NoSuchMessage);
    assert_eq!(
        outcomes,
        [
            Ok((2, false)),
            Ok((3, false)),
            Ok((4, false)),
            gone.clone(),
            gone
        ]
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_are_the_members_named_in_the_text() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    server.person("carol").await;
    server
        .send(&ann, &room, "1", "@Bob, @carol, @nobody and @bob.")
        .await
        .expect("sent");
    let entry = server.log(&room).await.pop().expect("entries");
    let Change::Message { mentions, .. } = entry.change else {
        panic!("{entry:?}")
    };
    assert_eq!(mentions, std::slice::from_ref(&bob.user));
    assert_eq!(server.published(&room).await, server.log(&room).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_edits_and_moderators_delete() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let moderator = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let seq = server
        .send(&ann, &room, "1", "hers")
        .await
        .expect("sent")
        .seq;
    let by = |who, what| server.append(vec![item(who, &room, what)]);
    let edit = || OwnedDraft::Edit(seq, "his".to_owned());
    assert_eq!(seqs(&by(&bob, edit()).await), [Err(Refusal::Forbidden)]);
    assert_eq!(
        seqs(&by(&moderator, edit()).await),
        [Err(Refusal::Forbidden)]
    );
    assert_eq!(
        seqs(&by(&bob, OwnedDraft::Delete(seq)).await),
        [Err(Refusal::Forbidden)]
    );
    assert!(by(&moderator, OwnedDraft::Delete(seq)).await[0].is_ok());
    assert_eq!(seqs(&by(&ann, edit()).await), [Err(Refusal::NoSuchMessage)]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_moderates_public_rooms_only() {
    let server = TestServer::new().await;
    let (ann, admin) = (server.person("ann").await, server.admin("root").await);
    let public = server.public(&ann, "a").await;
    let private = server.private(&ann, "b").await;
    server.join(&admin, &public).await.expect("a member");
    server
        .moderate(&ann, &private, &admin, Moderation::Invite)
        .await
        .expect("invited");
    server.join(&admin, &private).await.expect("a member");
    let seq = server
        .send(&ann, &public, "1", "x")
        .await
        .expect("sent")
        .seq;
    assert!(
        server
            .append(vec![item(&admin, &public, OwnedDraft::Delete(seq))])
            .await[0]
            .is_ok()
    );
    let seq = server
        .send(&ann, &private, "1", "x")
        .await
        .expect("sent")
        .seq;
    let assert_refused = server
        .append(vec![item(&admin, &private, OwnedDraft::Delete(seq))])
        .await;
    assert_eq!(seqs(&assert_refused), [Err(Refusal::Forbidden)]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_may_only_delete() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let seq = server
        .send(&bob, &room, "1", "loud")
        .await
        .expect("sent")
        .seq;
    let until_ms = crate::server::NOW.load(Ordering::Relaxed) + 60_000;
    server
        .moderate(&ann, &room, &bob, Moderation::Mute { until_ms })
        .await
        .expect("muted");
    assert_refused(server.send(&bob, &room, "2", "x").await, &Refusal::Muted);
    let batch = vec![
        item(&bob, &room, OwnedDraft::Edit(seq, "x".to_owned())),
        item(&bob, &room, OwnedDraft::React(seq, "👍".to_owned())),
        item(&bob, &room, OwnedDraft::Delete(seq)),
    ];
    let outcomes = seqs(&server.append(batch).await);
    assert_eq!(outcomes[..2], [Err(Refusal::Muted), Err(Refusal::Muted)]);
    assert!(outcomes[2].is_ok());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_and_its_edits_lose_their_bodies_for_ever() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let kept = server
        .send(&ann, &room, "1", "kept")
        .await
        .expect("sent")
        .seq;
    let gone = server
        .send(&ann, &room, "2", "gone")
        .await
        .expect("sent")
        .seq;
    let edits = vec![
        item(
            &ann,
            &room,
            OwnedDraft::Edit(kept, "kept, edited".to_owned()),
        ),
        item(
            &ann,
            &room,
            OwnedDraft::Edit(gone, "gone, edited".to_owned()),
        ),
    ];
    server.append(edits).await;
    server
        .append(vec![item(&ann, &room, OwnedDraft::Delete(gone))])
        .await;
    let bodies: Vec<Option<String>> = server
        .log(&room)
        .await
        .into_iter()
        .filter_map(|entry| match entry.change {
            Change::Message { body, .. } | Change::Edited { body, .. } => Some(body),
            _ => None,
        })
        .collect();
    let kept = |text: &str| Some(text.to_owned());
    assert_eq!(bodies, [kept("kept"), None, kept("kept, edited"), None]);
    server.close().await;
}
