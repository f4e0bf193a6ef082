use crate::server::{TestServer, assert_refused};
use messaging::api::{Done, Reaction, Refusal};

fn reaction(emoji: &str, count: u32, mine: bool) -> Reaction {
    Reaction {
        emoji: emoji.to_owned(),
        count,
        mine,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_counted_per_kind_and_in_order() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    server.react(&bob, &room, seq, "👍", true).await;
    server.react(&bob, &room, seq, "🎉", true).await;
    server.react(&ann, &room, seq, "🎉", true).await;
    let seen_by_ann = server.newest(&ann, &room).await.reactions;
    assert_eq!(
        seen_by_ann,
        [reaction("👍", 1, false), reaction("🎉", 2, true)]
    );
    let seen_by_bob = server.newest(&bob, &room).await.reactions;
    assert_eq!(
        seen_by_bob,
        [reaction("👍", 1, true), reaction("🎉", 2, true)]
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_stay_with_their_message() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let first = server.send(&ann, &room, "c1", "one").await.seq;
    let second = server.send(&ann, &room, "c2", "two").await.seq;
    server.react(&ann, &room, first, "👍", true).await;
    server.react(&ann, &room, second, "🎉", true).await;
    let messages = server.history(&ann, &room).await.messages;
    assert_eq!(messages[0].reactions, [reaction("👍", 1, true)]);
    assert_eq!(messages[1].reactions, [reaction("🎉", 1, true)]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_set_once() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    let set = server.react(&ann, &room, seq, "👍", true).await;
    assert_eq!(
        set,
        Done {
            seq: seq + 1,
            dup: false
        }
    );
    let again = server.react(&ann, &room, seq, "👍", true).await;
    assert_eq!(again, Done { dup: true, ..set });
    assert_eq!(
        server.newest(&ann, &room).await.reactions,
        [reaction("👍", 1, true)]
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_removed_once() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    let never_set = server.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(never_set, Done { seq: 0, dup: true });
    let set = server.react(&ann, &room, seq, "👍", true).await;
    let taken_back = server.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(
        taken_back,
        Done {
            seq: set.seq + 1,
            dup: false
        }
    );
    let again = server.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(
        again,
        Done {
            dup: true,
            ..taken_back
        }
    );
    assert!(server.newest(&ann, &room).await.reactions.is_empty());
    assert!(!server.react(&ann, &room, seq, "👍", true).await.dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_is_one_reaction_however_it_is_written() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    let set = server.react(&ann, &room, seq, "❤", true).await;
    let again = server.react(&ann, &room, seq, "❤\u{fe0f}", true).await;
    assert_eq!(again, Done { dup: true, ..set });
    server.react(&bob, &room, seq, "❤\u{fe0f}", true).await;
    assert_eq!(
        server.newest(&ann, &room).await.reactions,
        [reaction("❤\u{fe0f}", 2, true)]
    );
    assert!(!server.react(&ann, &room, seq, "❤\u{fe0f}", false).await.dup);
    assert!(!server.react(&bob, &room, seq, "❤", false).await.dup);
    assert!(server.newest(&ann, &room).await.reactions.is_empty());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_at_most_twenty_kinds_of_reactions() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    let kinds: Vec<String> = ('🍇'..='🍚').map(String::from).collect();
    for kind in &kinds {
        server.react(&ann, &room, seq, kind, true).await;
    }
    assert_eq!(kinds.len(), 20);
    let full = Refusal::LimitReached { limit: "reactions" };
    assert_refused(server.try_react(&bob, &room, seq, "👍", true).await, &full);
    assert!(!server.react(&bob, &room, seq, &kinds[7], true).await.dup);
    server.react(&ann, &room, seq, &kinds[0], false).await;
    assert!(!server.react(&bob, &room, seq, "👍", true).await.dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_undeleted_messages_take_reactions() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    for target in [0, 1, 999] {
        let refusal = server.try_react(&ann, &room, target, "👍", true).await;
        assert_refused(refusal, &Refusal::NoSuchMessage);
    }
    server.react(&ann, &room, seq, "👍", true).await;
    server.delete(&ann, &room, seq).await;
    for on in [true, false] {
        let refusal = server.try_react(&ann, &room, seq, "👍", on).await;
        assert_refused(refusal, &Refusal::NoSuchMessage);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_takes_an_emoji_and_a_member_who_may_write() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.person("bob").await;
    let seq = server.send(&ann, &room, "c1", "hello").await.seq;
    for text in ["", "idiot", "👍👍", "\u{200b}"] {
        let refusal = server.try_react(&ann, &room, seq, text, true).await;
        assert!(matches!(
            refusal.unwrap_err(),
            Refusal::BadRequest { field: "emoji", .. }
        ));
    }
    assert_refused(
        server.try_react(&bob, &room, seq, "👍", true).await,
        &Refusal::NotMember,
    );
    server.join(&bob, &room).await;
    server.react(&bob, &room, seq, "🎉", true).await;
    server.mute(&ann, &bob, &room).await;
    let repeat = server.try_react(&bob, &room, seq, "🎉", true).await;
    assert_refused(repeat, &Refusal::Muted);
    assert_refused(
        server.try_react(&bob, &room, seq, "👍", true).await,
        &Refusal::Muted,
    );
    server.close().await;
}
