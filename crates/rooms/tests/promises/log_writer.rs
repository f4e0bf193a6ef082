//! `log::append`: one log writer per room log.

use crate::lines::{What, answer, line, say};
use crate::server::{TestServer, key, refused};
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
async fn a_run_takes_the_next_places_of_each_room_and_states_one_fact() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (a, b) = (
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    );
    let before = server.facts().await;
    let run = vec![
        line(&ann, &a, say("1", "one")),
        line(&ann, &b, say("1", "two")),
        line(&ann, &a, say("2", "three")),
    ];
    let outcomes = server.append(run).await;
    assert_eq!(
        seqs(&outcomes),
        [Ok((2, false)), Ok((2, false)), Ok((3, false))]
    );
    assert_eq!(server.facts().await, before + 1);
    assert_eq!(server.stated(&a).await, server.log(&a).await);
    assert_eq!(server.stated(&b).await, server.log(&b).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_item_in_the_middle_takes_no_place() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    let run = vec![
        line(&ann, &room, say("1", "one")),
        line(&bob, &room, say("1", "not a member")),
        line(&ann, &key("nowhere"), say("1", "no room")),
        line(&ann, &room, answer("2", "to nothing", 9)),
        line(&ann, &room, say("3", "two")),
    ];
    let outcomes = server.append(run).await;
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
async fn a_run_of_refusals_states_nothing() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    let before = server.facts().await;
    refused(server.say(&bob, &room, "1", "x").await, &Refusal::NotMember);
    assert_eq!(server.facts().await, before);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_told_inside_the_run_and_later() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let one = line(&ann, &room, say("1", "one"));
    let run = vec![one.clone(), line(&ann, &room, say("2", "two")), one.clone()];
    let outcomes = server.append(run).await;
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
async fn a_cid_is_each_authors_and_each_rooms_own() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (a, b) = (
        server.public(&ann, "a").await,
        server.public(&ann, "b").await,
    );
    let bob = server.member("bob", &a).await;
    let run = vec![
        line(&ann, &a, say("x", "by ann")),
        line(&bob, &a, say("x", "by bob")),
        line(&ann, &b, say("x", "elsewhere")),
    ];
    assert!(
        server
            .append(run)
            .await
            .iter()
            .all(|outcome| { outcome.as_ref().is_ok_and(|done| !done.dup) })
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_text_or_answer_under_one_cid_is_a_conflict_for_ever() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let first = server.say(&ann, &room, "1", "one").await.expect("sent");
    refused(
        server.say(&ann, &room, "1", "other").await,
        &Refusal::CidConflict,
    );
    let as_answer = server
        .append(vec![line(&ann, &room, answer("1", "one", first.seq))])
        .await;
    assert_eq!(seqs(&as_answer), [Err(Refusal::CidConflict)]);

    let change = vec![
        line(&ann, &room, What::Edit(first.seq, "other".to_owned())),
        line(&ann, &room, What::Delete(first.seq)),
    ];
    assert!(server.append(change).await.iter().all(Result::is_ok));
    assert!(
        server
            .say(&ann, &room, "1", "one")
            .await
            .expect("a repeat")
            .dup
    );
    refused(
        server.say(&ann, &room, "1", "other").await,
        &Refusal::CidConflict,
    );
    let in_one_run = vec![
        line(&ann, &room, say("2", "a")),
        line(&ann, &room, say("2", "b")),
    ];
    assert_eq!(
        seqs(&server.append(in_one_run).await)[1],
        Err(Refusal::CidConflict)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repeat_of_one_who_was_put_out_is_still_a_repeat() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let sent = server.say(&bob, &room, "1", "hi").await.expect("sent");
    server
        .moderate(&ann, &room, &bob, Moderation::Ban)
        .await
        .expect("banned");
    let again = server.say(&bob, &room, "1", "hi").await.expect("a repeat");
    assert_eq!((again.seq, again.dup), (sent.seq, true));
    refused(
        server.say(&bob, &room, "2", "hi").await,
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
                .say(who, room, &format!("{n}"), "x")
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
            server.stated(room).await,
            log,
            "stated in the order of the log"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_must_be_to_a_message_that_its_author_may_read() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    let early = server
        .say(&ann, &room, "1", "before bob")
        .await
        .expect("sent");
    let bob = server.invited("bob", &ann, &room).await;
    let hidden = server
        .append(vec![line(&bob, &room, answer("1", "?", early.seq))])
        .await;
    assert_eq!(seqs(&hidden), [Err(Refusal::NoSuchMessage)]);
    let joined = server
        .append(vec![line(&ann, &room, answer("2", "?", 1))])
        .await;
    assert_eq!(
        seqs(&joined),
        [Err(Refusal::NoSuchMessage)],
        "a joined entry is no message"
    );
    let fine = server
        .append(vec![line(&ann, &room, answer("3", "!", early.seq))])
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
    let run = vec![
        line(&ann, &room, say("1", "one")),
        line(&ann, &room, answer("2", "to it", 2)),
        line(&ann, &room, What::Delete(2)),
        line(&ann, &room, What::Edit(2, "too late".to_owned())),
        line(&ann, &room, What::React(2, "👍".to_owned())),
    ];
    let outcomes = seqs(&server.append(run).await);
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
async fn mentions_are_members_named_in_the_text() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    server.person("carol").await;
    server
        .say(&ann, &room, "1", "@Bob, @carol, @nobody and @bob.")
        .await
        .expect("sent");
    let entry = server.log(&room).await.pop().expect("entries");
    let Change::Message { mentions, .. } = entry.change else {
        panic!("{entry:?}")
    };
    assert_eq!(mentions, std::slice::from_ref(&bob.user));
    assert_eq!(server.stated(&room).await, server.log(&room).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_edits_and_moderators_delete() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let moderator = server.ranked("mia", &ann, &room, Role::Moderator).await;
    let seq = server
        .say(&ann, &room, "1", "hers")
        .await
        .expect("sent")
        .seq;
    let by = |who, what| server.append(vec![line(who, &room, what)]);
    let edit = || What::Edit(seq, "his".to_owned());
    assert_eq!(seqs(&by(&bob, edit()).await), [Err(Refusal::Forbidden)]);
    assert_eq!(
        seqs(&by(&moderator, edit()).await),
        [Err(Refusal::Forbidden)]
    );
    assert_eq!(
        seqs(&by(&bob, What::Delete(seq)).await),
        [Err(Refusal::Forbidden)]
    );
    assert!(by(&moderator, What::Delete(seq)).await[0].is_ok());
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
    let seq = server.say(&ann, &public, "1", "x").await.expect("sent").seq;
    assert!(
        server
            .append(vec![line(&admin, &public, What::Delete(seq))])
            .await[0]
            .is_ok()
    );
    let seq = server
        .say(&ann, &private, "1", "x")
        .await
        .expect("sent")
        .seq;
    let refused = server
        .append(vec![line(&admin, &private, What::Delete(seq))])
        .await;
    assert_eq!(seqs(&refused), [Err(Refusal::Forbidden)]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_may_only_take_back() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let seq = server
        .say(&bob, &room, "1", "loud")
        .await
        .expect("sent")
        .seq;
    let until_ms = crate::server::NOW.load(Ordering::Relaxed) + 60_000;
    server
        .moderate(&ann, &room, &bob, Moderation::Mute { until_ms })
        .await
        .expect("muted");
    refused(server.say(&bob, &room, "2", "x").await, &Refusal::Muted);
    let run = vec![
        line(&bob, &room, What::Edit(seq, "x".to_owned())),
        line(&bob, &room, What::React(seq, "👍".to_owned())),
        line(&bob, &room, What::Delete(seq)),
    ];
    let outcomes = seqs(&server.append(run).await);
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
        .say(&ann, &room, "1", "kept")
        .await
        .expect("sent")
        .seq;
    let gone = server
        .say(&ann, &room, "2", "gone")
        .await
        .expect("sent")
        .seq;
    let edits = vec![
        line(&ann, &room, What::Edit(kept, "kept, edited".to_owned())),
        line(&ann, &room, What::Edit(gone, "gone, edited".to_owned())),
    ];
    server.append(edits).await;
    server
        .append(vec![line(&ann, &room, What::Delete(gone))])
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
