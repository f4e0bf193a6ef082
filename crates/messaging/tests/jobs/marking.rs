use crate::server::{TestServer, assert_refused};
use messaging::api::{MarkRead, Marked, Refusal};
use rooms::api::Kind;
use sessions::api::ConnectionId;

fn marked(seq: i64, unread: u32, mentions: u32) -> Marked {
    Marked {
        seq,
        unread,
        mentions,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_starts_at_the_members_joining() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.send(&ann, &room, "c1", "before bob").await;
    let bob = server.member("bob", &room).await;
    let joined = server.head(&bob, &room).await;
    server.send(&ann, &room, "c2", "after bob").await;
    assert_eq!(server.mark(&bob, &room, 0).await, marked(joined, 1, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeleted_messages_of_others_are_unread() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let joined = server.head(&bob, &room).await;
    let one = server.send(&ann, &room, "c1", "one").await;
    server.send(&ann, &room, "c2", "two, @bob").await;
    let three = server.send(&ann, &room, "c3", "three, @bob").await;
    server.send(&bob, &room, "c4", "my own, @bob").await;
    server.edit(&ann, &room, one.seq, "uno").await;
    server.react(&ann, &room, one.seq, "👍", true).await;
    assert_eq!(server.mark(&bob, &room, 0).await, marked(joined, 3, 2));
    server.delete(&ann, &room, three.seq).await;
    assert_eq!(server.mark(&bob, &room, 0).await, marked(joined, 2, 1));
    assert_eq!(
        server.mark(&bob, &room, one.seq).await,
        marked(one.seq, 1, 1)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_never_moves_back_nor_beyond_the_head() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let one = server.send(&ann, &room, "c1", "one").await;
    let two = server.send(&ann, &room, "c2", "two").await;
    assert_eq!(
        server.mark(&bob, &room, one.seq).await,
        marked(one.seq, 1, 0)
    );
    assert_eq!(
        server.mark(&bob, &room, i64::MAX).await,
        marked(two.seq, 0, 0)
    );
    assert_eq!(
        server.mark(&bob, &room, one.seq).await,
        marked(two.seq, 0, 0)
    );
    assert_eq!(server.mark(&bob, &room, -5).await, marked(two.seq, 0, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_published_for_the_other_connections() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let one = server.send(&ann, &room, "c1", "one").await;
    server.send(&ann, &room, "c2", "two, @bob").await;
    let mark = |seq| MarkRead {
        caller: bob.clone(),
        connection: Some(ConnectionId(7)),
        room: room.clone(),
        seq,
    };
    server.ask(mark(one.seq)).await.unwrap();
    server.ask(mark(one.seq)).await.unwrap();
    let published = server.published_moves().await;
    assert_eq!(published.len(), 1, "the second move changes nothing");
    let moved = &published[0];
    assert_eq!(
        (moved.user, &moved.room, moved.seq),
        (bob.user.id, &room, one.seq)
    );
    assert_eq!((moved.unread, moved.mentions), (1, 1));
    assert_eq!(moved.by, Some(ConnectionId(7)));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_moves_ends_at_the_furthest() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let mut seqs = Vec::new();
    for n in 0..10 {
        seqs.push(
            server
                .send(&ann, &room, &format!("c{n}"), "hello")
                .await
                .seq,
        );
    }
    let by_both = seqs.iter().flat_map(|seq| [(&ann, *seq), (&bob, *seq)]);
    let marks = by_both.map(async |(who, seq)| (seq, server.mark(who, &room, seq).await));
    let answers = futures_util::future::join_all(marks).await;
    assert!(answers.iter().all(|(seq, answer)| answer.seq >= *seq));
    let last = *seqs.last().unwrap();
    assert_eq!(server.mark(&bob, &room, 0).await, marked(last, 0, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_have_markers() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let secret = server.room_of(&ann, "secret", Kind::Private).await;
    let bob = server.person("bob").await;
    assert_refused(server.try_mark(&bob, &room, 1).await, &Refusal::NotMember);
    assert_refused(
        server.try_mark(&bob, &secret, 1).await,
        &Refusal::NoSuchRoom,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_starts_at_the_new_joining_after_rejoining() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let one = server.send(&ann, &room, "c1", "one").await;
    server.mark(&bob, &room, one.seq).await;
    server.leave(&bob, &room).await;
    server.send(&ann, &room, "c2", "meanwhile").await;
    server.join(&bob, &room).await;
    let joined = server.head(&bob, &room).await;
    assert_eq!(server.mark(&bob, &room, 0).await, marked(joined, 0, 0));
    server.close().await;
}
