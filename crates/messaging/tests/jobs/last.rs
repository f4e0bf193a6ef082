//! The newest message of each room in the list of one's own.

use crate::server::TestServer;
use messaging::api::LastMessage;
use rooms::api::{Kind, RoomKey};
use sessions::api::Caller;

impl TestServer {
    /// Returns what the person's own list shows as the newest message of a room.
    async fn last(&self, who: &Caller, room: &RoomKey) -> Option<LastMessage> {
        let page = self.rooms(who, false, None, 50).await;
        let mut lines = page.rooms.into_iter();
        let line = lines.find(|line| line.card.room.key == *room);
        line.expect("a member's room").last
    }
}

fn shown(last: &LastMessage) -> (i64, Option<&str>, bool) {
    (last.seq, last.preview.as_deref(), last.edited)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_message_is_shown_whatever_came_after_it() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    assert_eq!(server.last(&ann, &room).await, None, "nobody wrote yet");
    server.send(&ann, &room, "c1", "one").await;
    let two = server.send(&ann, &room, "c2", "two").await;
    let bob = server.member("bob", &room).await;
    server.react(&bob, &room, two.seq, "👍", true).await;
    for who in [&ann, &bob] {
        let last = server.last(who, &room).await.expect("a message");
        assert_eq!(shown(&last), (two.seq, Some("two"), false));
        assert_eq!((&last.author, &last.id), (&ann.user, &two.id));
        assert_eq!(last.at, two.at);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_changes_what_is_shown_and_a_deletion_takes_it_away() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.send(&ann, &room, "c1", "before").await;
    let sent = server.send(&ann, &room, "c2", "first").await;
    for text in ["second", "third"] {
        server.edit(&ann, &room, sent.seq, text).await;
        let last = server.last(&ann, &room).await.expect("a message");
        assert_eq!(shown(&last), (sent.seq, Some(text), true));
    }
    server.delete(&ann, &room, sent.seq).await;
    let last = server.last(&ann, &room).await.expect("a message");
    assert_eq!(
        shown(&last),
        (sent.seq, None, false),
        "not the one before it"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_was_said_before_they_may_read() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.room_of(&ann, "secret", Kind::Private).await;
    server.send(&ann, &room, "c1", "before bob").await;
    let bob = server.invited("bob", &ann, &room).await;
    assert_eq!(server.last(&bob, &room).await, None);
    assert!(server.last(&ann, &room).await.is_some());
    let sent = server.send(&ann, &room, "c2", "to bob").await;
    let last = server.last(&bob, &room).await.expect("a message");
    assert_eq!(last.seq, sent.seq);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_public_rooms_shows_no_messages() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.send(&ann, &room, "c1", "hello").await;
    let bob = server.person("bob").await;
    for who in [&ann, &bob] {
        let page = server.rooms(who, true, None, 50).await;
        assert!(page.rooms.iter().all(|line| line.last.is_none()));
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_the_beginning_of_a_text() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let long = "é\n".repeat(2_000);
    let sent = server.send(&ann, &room, "c1", &long).await;
    let last = server.last(&ann, &room).await.expect("a message");
    assert_eq!(last.preview.as_deref(), Some(&*"é\n".repeat(80)));
    server
        .edit(&ann, &room, sent.seq, &"🦀".repeat(4_000))
        .await;
    let last = server.last(&ann, &room).await.expect("a message");
    assert_eq!(last.preview.as_deref(), Some(&*"🦀".repeat(160)));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_of_a_list_are_those_of_each_room() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let bob = server.person("bob").await;
    let mut rooms = Vec::new();
    for (number, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let room = server.room(&ann, name).await;
        server.join(&bob, &room).await;
        for message in 0..number * 2 {
            let body = if message % 3 == 0 {
                "to @bob"
            } else {
                "to all"
            };
            let cid = format!("c{message}");
            let sent = server.send(&ann, &room, &cid, body).await;
            if message == 4 {
                server.delete(&ann, &room, sent.seq).await;
            }
        }
        server.send(&bob, &room, "own", "@bob: not counted").await;
        rooms.push(room);
    }
    let page = server.rooms(&bob, false, None, 50).await;
    let counts = page.rooms.iter().map(|line| (line.unread, line.mentions));
    let expected = [(0, 0), (2, 1), (4, 2), (5, 2), (7, 3)];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    for (room, counted) in rooms.iter().zip(expected) {
        // Moves nothing, and counts as one room is counted.
        let marked = server.mark(&bob, room, 0).await;
        assert_eq!((marked.unread, marked.mentions), counted);
    }
    server.close().await;
}
