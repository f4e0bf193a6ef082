use crate::commands::history;
use crate::server::{TestServer, assert_refused};
use messaging::api::{Anchor, HistoryPage, Message, ReadHistory, Refusal};
use rooms::api::{Kind, RoomKey, Seq};
use sessions::api::Caller;

/// Creates a room with ten messages; returns their seqs.
async fn ten_messages(server: &TestServer) -> (Caller, RoomKey, Vec<Seq>) {
    let (ann, room) = server.ann_in_a_room().await;
    let mut seqs = Vec::new();
    for n in 0..10 {
        seqs.push(
            server
                .send(&ann, &room, &format!("c{n}"), &format!("m{n}"))
                .await
                .seq,
        );
    }
    (ann, room, seqs)
}

fn seqs_of(page: &HistoryPage) -> Vec<Seq> {
    page.messages.iter().map(|message| message.seq).collect()
}

fn length(message: &Message) -> usize {
    message.body.as_ref().map_or(0, String::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_newest_is_in_ascending_order() {
    let server = TestServer::new().await;
    let (ann, room, seqs) = ten_messages(&server).await;
    let page = server.page(&ann, &room, Anchor::Newest, 4).await;
    assert_eq!(seqs_of(&page), seqs[6..]);
    assert!(page.more);
    assert_eq!(page.head, seqs[9]);
    let all = server.page(&ann, &room, Anchor::Newest, 10).await;
    assert_eq!((seqs_of(&all), all.more), (seqs, false));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_no_gap_or_overlap_in_both_directions() {
    let server = TestServer::new().await;
    let (ann, room, seqs) = ten_messages(&server).await;
    let before = server.page(&ann, &room, Anchor::Before(seqs[6]), 4).await;
    assert_eq!((seqs_of(&before), before.more), (seqs[2..6].to_vec(), true));
    let first = server.page(&ann, &room, Anchor::Before(seqs[2]), 4).await;
    assert_eq!((seqs_of(&first), first.more), (seqs[..2].to_vec(), false));
    let after = server.page(&ann, &room, Anchor::After(seqs[2]), 4).await;
    assert_eq!((seqs_of(&after), after.more), (seqs[3..7].to_vec(), true));
    let last = server.page(&ann, &room, Anchor::After(seqs[6]), 4).await;
    assert_eq!((seqs_of(&last), last.more), (seqs[7..].to_vec(), false));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn around_is_centred_on_the_anchor() {
    let server = TestServer::new().await;
    let (ann, room, seqs) = ten_messages(&server).await;
    let around = |n: usize, limit| server.page(&ann, &room, Anchor::Around(seqs[n]), limit);
    let page = around(5, 5).await;
    assert_eq!((seqs_of(&page), page.more), (seqs[3..8].to_vec(), true));
    let alone = around(5, 1).await;
    assert_eq!((seqs_of(&alone), alone.more), (vec![seqs[5]], true));
    let at_the_start = around(0, 4).await;
    assert_eq!(
        (seqs_of(&at_the_start), at_the_start.more),
        (seqs[..4].to_vec(), true)
    );
    let at_the_end = around(9, 20).await;
    assert_eq!(
        (seqs_of(&at_the_end), at_the_end.more),
        (seqs.clone(), false)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_at_its_byte_limit() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let body = "x".repeat(1_000);
    for n in 0..10 {
        server.send(&ann, &room, &format!("c{n}"), &body).await;
    }
    let page = |anchor, bytes| {
        server.ask(ReadHistory {
            bytes,
            ..history(&ann, &room, anchor, 10)
        })
    };
    for anchor in [Anchor::Newest, Anchor::After(0), Anchor::Around(5)] {
        let three = page(anchor, 3_500).await.unwrap();
        assert!(
            three.messages.iter().map(length).sum::<usize>() <= 3_500,
            "{anchor:?}"
        );
        assert!(!three.messages.is_empty() && three.more, "{anchor:?}");
    }
    let one = page(Anchor::Newest, 1).await.unwrap();
    assert_eq!(
        (one.messages.len(), one.messages[0].seq, one.more),
        (1, one.head, true)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_byte_limit_counts_edited_bodies() {
    let server = TestServer::new().await;
    let (ann, room, seqs) = ten_messages(&server).await;
    for seq in &seqs {
        server.edit(&ann, &room, *seq, &"y".repeat(1_000)).await;
    }
    let page = |anchor| {
        server.ask(ReadHistory {
            bytes: 3_500,
            ..history(&ann, &room, anchor, 10)
        })
    };
    let newest = page(Anchor::Newest).await.unwrap();
    assert_eq!((seqs_of(&newest), newest.more), (seqs[7..].to_vec(), true));
    let oldest = page(Anchor::After(0)).await.unwrap();
    assert_eq!((seqs_of(&oldest), oldest.more), (seqs[..3].to_vec(), true));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_since_join_room_read_from_their_joining() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.room_of(&ann, "secret", Kind::Private).await;
    server.send(&ann, &room, "c1", "before bob").await;
    let bob = server.invited("bob", &ann, &room).await;
    let after = server.send(&ann, &room, "c2", "after bob").await;
    for anchor in [Anchor::Newest, Anchor::After(0), Anchor::Around(1)] {
        let page = server.page(&bob, &room, anchor, 10).await;
        assert_eq!(
            (seqs_of(&page), page.more),
            (vec![after.seq], false),
            "{anchor:?}"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn non_members_read_nothing() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let secret = server.room_of(&ann, "secret", Kind::Private).await;
    let bob = server.person("bob").await;
    let read = |room| server.ask(history(&bob, room, Anchor::Newest, 10));
    assert_refused(read(&room).await, &Refusal::NotMember);
    assert_refused(read(&secret).await, &Refusal::NoSuchRoom);
    assert_refused(
        read(&TestServer::key("nowhere")).await,
        &Refusal::NoSuchRoom,
    );
    server.close().await;
}
