use crate::house::House;
use messaging::api::RoomsPage;
use rooms::api::Kind;

fn keys(page: &RoomsPage) -> Vec<String> {
    page.rooms
        .iter()
        .map(|line| line.card.room.key.0.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_rooms_come_with_what_is_unread() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    house.room(&ann, "elsewhere").await;
    let bob = house.member("bob", &room).await;
    let one = house.send(&ann, &room, "c1", "one").await;
    let two = house.send(&ann, &room, "c2", "two, @bob").await;
    house.mark(&bob, &room, one.seq).await;
    let page = house.rooms(&bob, false, None, 50).await;
    assert_eq!(page.rooms.len(), 1);
    let line = &page.rooms[0];
    assert_eq!(line.card.room.key, room);
    assert_eq!((line.head, line.read), (two.seq, one.seq));
    assert_eq!((line.unread, line.mentions), (1, 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_just_joined_is_read_up_to_the_joining() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    house.send(&ann, &room, "c1", "before bob").await;
    let bob = house.member("bob", &room).await;
    let line = house.rooms(&bob, false, None, 50).await.rooms.remove(0);
    assert_eq!((line.read, line.unread), (line.head, 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_the_public_ones_members_or_not() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    house.room_of(&ann, "secret", Kind::Private).await;
    house.send(&ann, &room, "c1", "hello").await;
    let bob = house.person("bob").await;
    let page = house.rooms(&bob, true, None, 50).await;
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
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_rooms_join_without_hole_or_overlap() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    for name in ["b", "d", "a", "c", "e"] {
        house.room(&ann, name).await;
    }
    let first = house.rooms(&ann, false, None, 2).await;
    assert_eq!(keys(&first), ["a", "b"]);
    let second = house.rooms(&ann, false, first.next, 2).await;
    assert_eq!(keys(&second), ["c", "d"]);
    let last = house.rooms(&ann, false, second.next, 2).await;
    assert_eq!((keys(&last), last.next), (vec!["e".to_owned()], None));
    house.close().await;
}
