//! The plan of every query in a large room, on the database under test: no query may scan a table.
//! `just large-rooms` runs this with a room of 100,000 members and prints the times.

use super::markers::Marker;
use super::reactions::ReactionKey;
use super::{markers, reactions, states};
use rooms::api::RoomId;
use sessions::api::UserId;
use storage::kit::{Store, large};
use storage::looks_up;

const ROOM: RoomId = RoomId(1);

fn person(n: u32) -> UserId {
    UserId(u128::from(n).to_be_bytes())
}

/// Creates a store in whose room 1 everyone has read something and every third message was edited or
/// deleted. Everyone has reacted to the first message, and one person to each of the next ones.
async fn large_store() -> Store {
    let store = Store::new().await;
    let fill = "INSERT INTO markers (user_id, room_id, seq) SELECT id, 1, n FROM numbers;
         INSERT INTO markers (user_id, room_id, seq)
             SELECT p.id, r.n, 1 FROM numbers r JOIN numbers p ON p.n <= 10
             WHERE r.n BETWEEN 2 AND 200;
         INSERT INTO message_states (room_id, seq, edited_seq, deleted_seq)
             SELECT 1, n * 3, n, NULL FROM numbers;
         INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
             SELECT 1, 1, 'e' || n % 5, id, n % 2, n FROM numbers;
         INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
             SELECT 1, n + 1, 'e', id, 1, n FROM numbers;";
    store.fill(large(), fill).await;
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_states_and_reactions_are_looked_up() {
    let store = large_store().await;
    let people: Vec<UserId> = (1..=256).map(person).collect();
    let people: &[UserId] = people.leak();
    let many: Vec<RoomId> = (1..=256).map(RoomId).collect();
    let many: &[RoomId] = many.leak();
    let messages: Vec<(RoomId, i64)> = (1..=256).map(|n| (ROOM, n)).collect();
    let messages: &[(RoomId, i64)] = messages.leak();
    let someone = person(7);
    let key: &ReactionKey<'_> = Box::leak(Box::new(ReactionKey {
        room: ROOM,
        seq: 1,
        emoji: "e2",
        user: someone,
    }));
    let marker: &Marker = Box::leak(Box::new(Marker {
        user: someone,
        room: ROOM,
        seq: 7,
    }));
    looks_up!(store, |tx| {
        markers::of(tx, someone, ROOM);
        markers::of_all(tx, someone, many);
        markers::advance(tx, someone, ROOM, 9);
        markers::remove(tx, marker);
        markers::remove_of_users(tx, people);
        states::of(tx, ROOM, 3);
        states::of_all(tx, ROOM, (3, 300));
        states::edits_of(tx, messages);
        states::edits_of(tx, &messages[..1]);
        states::set_edited(tx, ROOM, 3, 9);
        states::set_deleted(tx, ROOM, 3, 9);
        states::exist_below(tx, ROOM, 300);
        states::remove_range(tx, ROOM, (3, 300));
        reactions::state(tx, key);
        reactions::kinds(tx, ROOM, 1);
        reactions::of_all(tx, ROOM, (1, 51), someone);
        reactions::set(tx, key, true, 9);
        reactions::exist_below(tx, ROOM, 300);
        reactions::remove_range(tx, ROOM, (2, 300));
        reactions::remove_all(tx, ROOM, 300);
    });
    looks_up!(in order store, |tx| {
        markers::after(tx, (someone, ROOM), 500);
    });
    store.close().await;
}
