use crate::server::TestServer;
use messaging::api::RoomsPage;
use rooms::api::Kind;

fn keys(page: &RoomsPage) -> Vec<String> {
    page.rooms
        .iter()
        .map(|line| line.card.room.key.0.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn own_rooms_are_listed_with_unread_counts() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.room(&ann, "elsewhere").await;
    let bob = server.member("bob", &room).await;
    let one = server.send(&ann, &room, "c1", "one").await;
    let two = server.send(&ann, &room, "c2", "two, @bob").await;
    server.mark(&bob, &room, one.seq).await;
    let page = server.rooms(&bob, false, None, 50).await;
    assert_eq!(page.rooms.len(), 1);
    let line = &page.rooms[0];
    assert_eq!(line.card.room.key, room);
    assert_eq!((line.head, line.read), (two.seq, one.seq));
    assert_eq!((line.unread, line.mentions), (1, 1));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_just_joined_has_nothing_unread() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.send(&ann, &room, "c1", "before bob").await;
    let bob = server.member("bob", &room).await;
    let line = server.rooms(&bob, false, None, 50).await.rooms.remove(0);
    assert_eq!((line.read, line.unread), (line.head, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_lists_every_public_room() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    server.room_of(&ann, "secret", Kind::Private).await;
    server.send(&ann, &room, "c1", "hello").await;
    let bob = server.person("bob").await;
    let page = server.rooms(&bob, true, None, 50).await;
    assert!(
        page.rooms
            .iter()
            .all(|line| line.card.room.kind == Kind::Public)
    );
    let line = page
        .rooms
        .iter()
        .find(|line| line.card.room.key == room)
        .unwrap();
    assert_eq!((line.card.role, line.read, line.unread), (None, 0, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_rooms_have_no_gap_or_overlap() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    for name in ["b", "d", "a", "c", "e"] {
        server.room(&ann, name).await;
    }
    let first = server.rooms(&ann, false, None, 2).await;
    assert_eq!(keys(&first), ["a", "b"]);
    let second = server.rooms(&ann, false, first.next, 2).await;
    assert_eq!(keys(&second), ["c", "d"]);
    let last = server.rooms(&ann, false, second.next, 2).await;
    assert_eq!((keys(&last), last.next), (vec!["e".to_owned()], None));
    server.close().await;
}
