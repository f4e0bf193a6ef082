//! The plan of every query in a large room, on the database under test: no query may scan a table that
//! grows. `just large-rooms` runs this with a room of 100,000 members and prints the times.

use super::entries::FillFrom;
use super::invitations::Invitation;
use super::kind_filter::KindFilter;
use super::links::NewLink;
use super::members::MemberRecord;
use super::mutes::Mute;
use super::{
    bans, entries, heads, insert, invitations, kinds, last_messages, links, lookups, members,
    mutes, owners, preferences, quotas, references, retention, rooms,
};
use crate::api::{Preferences, Role, RoomId, RoomKey};
use sessions::api::{User, UserId};
use std::collections::HashSet;
use storage::kit::{Store, large};
use storage::looks_up;

const ROOM: RoomId = RoomId(1);

fn person(n: u32) -> UserId {
    UserId(u128::from(n).to_be_bytes())
}

/// Creates a store in which room 1 has [`large`] members and four times as many entries, two fifths of
/// them about people who joined and left. For every other member there is another room with one member
/// and one entry.
async fn large_store() -> Store {
    let members = large();
    let store = Store::new().await;
    let (rooms, log) = (members / 2, members * 4);
    let fill = format!(
        "INSERT INTO rooms (key, title, topic, kind, history, head, head_at, created_at, creator, cid)
             SELECT 'room-' || n, '', '', 1, 1, 10, n * 10, n, id, 'made' FROM numbers
             WHERE n <= {rooms} ORDER BY n;
         UPDATE rooms SET head = {log}, kept_from = 2 WHERE id = 1;
         INSERT INTO users (id, name, name_key, guest, created_at, seen_at)
             SELECT id, 'p' || n, 'p' || n, n % 2 = 1, 1, n FROM numbers WHERE n <= {members};
         INSERT INTO members (room_id, user_id, role, joined_seq, may_own)
             SELECT 1, id, CASE WHEN n < 3 THEN 3 ELSE 1 END, n, n % 2 = 0 FROM numbers
             WHERE n <= {members};
         INSERT INTO members (room_id, user_id, role, joined_seq)
             SELECT n, id, 3, 1 FROM numbers WHERE n BETWEEN 2 AND {rooms};
         INSERT INTO bans (room_id, user_id, seq)
             SELECT 1, id, 1 FROM numbers WHERE n BETWEEN {members} + 1 AND {members} * 2;
         INSERT INTO invitations (room_id, user_id, seq, by_id)
             SELECT 1, m.id, 1, b.id FROM numbers m JOIN numbers b ON b.n = m.n % 1000 + 1
             WHERE m.n BETWEEN {members} + 1 AND {members} * 2;
         INSERT INTO mutes (room_id, user_id, seq, until_ms)
             SELECT 1, id, 1, 1 FROM numbers WHERE n BETWEEN {members} + 1 AND {members} * 2;
         INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash, subject_id)
             SELECT 1, e.n, CASE WHEN e.n % 5 < 3 THEN 1 ELSE 2 + e.n % 5 END, a.id, e.n, 'c' || e.n,
                 'x', a.id, CASE WHEN e.n % 5 < 3 THEN NULL ELSE a.id END
             FROM numbers e JOIN numbers a ON a.n = e.n % 50 + 1;
         INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash)
             SELECT n, 10, 1, id, n, 'c', 'x', id FROM numbers WHERE n BETWEEN 2 AND {rooms};
         INSERT INTO room_links (id, room_id, by_id, cid_hash, nonce, code_hash, made_at)
             SELECT id, n, id, id, id, id, n FROM numbers WHERE n BETWEEN 2 AND {rooms};
         INSERT INTO room_ages (room_id, oldest_at)
             SELECT n, n FROM numbers WHERE n BETWEEN 2 AND {rooms};"
    );
    store.fill(log, &fill).await;
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn members_owners_and_references_are_looked_up() {
    let store = large_store().await;
    let many: Vec<_> = (1..=256).map(|n| (ROOM, person(n))).collect();
    let many: &[(RoomId, UserId)] = many.leak();
    let people: Vec<_> = (1..=256).map(person).collect();
    let people: &[UserId] = people.leak();
    let someone = person(7);
    let new = User {
        id: person(9_999_999),
        name: "new".into(),
        guest: false,
    };
    let new: &User = Box::leak(Box::new(new));
    let member = MemberRecord {
        role: Role::Member,
        joined_seq: 1,
        muted_until: None,
        answered: true,
    };
    looks_up!(store, |tx| {
        members::by_pairs(tx, many);
        members::by_pairs(tx, &many[..1]);
        members::find(tx, ROOM, someone);
        members::count_rooms(tx, someone);
        members::count_chosen_rooms(tx, someone);
        members::of_users(tx, people);
        members::insert(tx, ROOM, new, member);
        members::set_role(tx, ROOM, someone, Role::Moderator);
        members::set_answered(tx, ROOM, someone);
        members::set_mute(tx, ROOM, someone, Some(1));
        preferences::of(tx, ROOM, someone);
        preferences::set(tx, ROOM, someone, Preferences::default());
        preferences::remove_of_users(tx, people);
        members::remove(tx, ROOM, someone);
        owners::mark_ineligible(tx, ROOM, people);
        owners::mark_eligible(tx, people);
        references::referenced(tx, people);
        references::referenced(tx, &people[..1]);
        references::banned_or_invited(tx, people);
    });
    looks_up!(in order store, |tx| {
        members::page_after(tx, ROOM, Some(someone), 100);
        owners::owners(tx, ROOM, 32);
        owners::candidates(tx, ROOM, 32);
        owners::survey(tx, ROOM, 1_000);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bans_invitations_and_mutes_are_looked_up() {
    let store = large_store().await;
    let people: Vec<_> = (1..=256).map(person).collect();
    let people: &[UserId] = people.leak();
    let (someone, other) = (person(7), person(8));
    let invitation = Invitation {
        room: ROOM,
        seq: 1,
        by: Some(other),
    };
    let mute = Mute {
        seq: 1,
        until_ms: 2,
    };
    looks_up!(store, |tx| {
        bans::find(tx, ROOM, someone);
        bans::insert(tx, ROOM, someone, 1);
        bans::remove(tx, ROOM, someone);
        bans::remove_of_users(tx, people, 100);
        invitations::find(tx, ROOM, someone);
        invitations::of(tx, someone, 100);
        invitations::insert(tx, someone, invitation);
        invitations::set_inviter(tx, ROOM, someone, other);
        invitations::remove(tx, ROOM, someone);
        invitations::remove_of_users(tx, people, 100);
        mutes::find_active(tx, ROOM, someone, 1);
        mutes::upsert(tx, ROOM, someone, mute);
        mutes::remove(tx, ROOM, someone);
        mutes::remove_of_users(tx, people, 100);
        quotas::count_unanswered(tx, someone);
        quotas::openers_awaiting(tx, someone);
        quotas::count_created_since(tx, someone, false, 1);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_looked_up() {
    let store = large_store().await;
    let people: Vec<_> = (1..=256).map(person).collect();
    let people: &[UserId] = people.leak();
    let (someone, id) = (person(7), &[0; 16][..]);
    let new = NewLink {
        id,
        room: ROOM,
        by: someone,
        cid_hash: [1; 32],
        nonce: &[2; 32],
        code_hash: [3; 32],
        uses: Some(1),
        until_ms: None,
        at: 1,
    };
    let new: &NewLink<'_> = Box::leak(Box::new(new));
    looks_up!(store, |tx| {
        links::insert(tx, new);
        links::by_cid(tx, ROOM, someone, [1; 32]);
        links::by_code(tx, [3; 32]);
        links::find(tx, ROOM, id);
        links::of_room(tx, ROOM);
        links::end(tx, id, 1);
        links::end_by(tx, ROOM, someone, 1);
        links::forget_ended(tx, ROOM, 0);
        links::remove_of_users(tx, people);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_looked_up() {
    let store = large_store().await;
    let log = i64::from(large()) * 4;
    let sends: Vec<_> = (1..=256).map(|n| (ROOM, person(n), "c7")).collect();
    let sends: &[(RoomId, UserId, &str)] = sends.leak();
    let positions: Vec<_> = (1..=256).map(|n| (ROOM, n)).collect();
    let positions: &[(RoomId, i64)] = positions.leak();
    let someone = person(7);
    looks_up!(store, |tx| {
        lookups::repeats(tx, sends);
        lookups::repeats(tx, &sends[..1]);
        lookups::targets(tx, positions);
        lookups::targets(tx, &positions[..1]);
        last_messages::beginnings(tx, positions);
        last_messages::beginnings(tx, &positions[..1]);
        entries::at(tx, ROOM, &[5, 6, 7]);
        entries::redact(tx, ROOM, 5);
        retention::delete_entries(tx, ROOM, (2, 12));
        insert::heads(tx, &[(1, 9), (2, 11)]);
    });
    looks_up!(in order store, |tx| {
        lookups::last_about(tx, ROOM, someone, &[kinds::JOINED, kinds::LEFT]);
        entries::between(tx, ROOM, (1, log), KindFilter::Message, FillFrom::Highest, 51);
        entries::between(tx, ROOM, (1, log), KindFilter::Message, FillFrom::Lowest, 51);
        entries::between(tx, ROOM, (1, log), KindFilter::Any, FillFrom::Lowest, 51);
        entries::unread(tx, ROOM, someone, 1);
        retention::oldest(tx, ROOM, (1, log), 100);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_rooms_looks_up_all_its_logs_at_once() {
    let store = large_store().await;
    let someone = person(7);
    let many: Vec<_> = (1..=500).map(|n| (RoomId(n), 1)).collect();
    let many: &[(RoomId, i64)] = many.leak();
    for statements in [
        storage::explained!(store, tx, last_messages::newest(tx, many)),
        storage::explained!(store, tx, last_messages::newest(tx, &many[..1])),
        storage::explained!(store, tx, last_messages::unread(tx, someone, many)),
        storage::explained!(store, tx, last_messages::unread(tx, someone, &many[..1])),
    ] {
        let [statement] = &statements[..] else {
            panic!("one statement, not {statements:?}");
        };
        println!("{statement}");
        assert!(statement.plan.contains("entries_messages"), "{statement}");
        let scanned: Vec<&str> = statement.scans();
        assert!(
            !scanned.iter().any(|name| ["e", "m"].contains(name)),
            "{statement}"
        );
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_looked_up() {
    let store = large_store().await;
    let someone = person(7);
    let key: &RoomKey = Box::leak(Box::new(RoomKey("room-7".into())));
    let keys: Vec<String> = (1..=256).map(|n| format!("room-{n}")).collect();
    let keys: &[String] = keys.leak();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let names: &[&str] = names.leak();
    let ids: HashSet<RoomId> = (1..=256).map(RoomId).collect();
    let ids: &HashSet<RoomId> = Box::leak(Box::new(ids));
    looks_up!(store, |tx| {
        rooms::find(tx, key);
        rooms::find_direct(tx, (someone, person(8)));
        rooms::find_by_cid(tx, someone, "made");
        rooms::by_ids(tx, ids);
        rooms::lock(tx, names);
        rooms::lock(tx, &names[..1]);
        rooms::taken_keys(tx, keys);
        heads::recent(tx);
        retention::without_age(tx, RoomId(1), 500);
        retention::set_age(tx, RoomId(7), Some(9));
        retention::set_age(tx, RoomId(7), None);
    });
    looks_up!(in order store, |tx| {
        rooms::public(tx, "room-2", 100);
        heads::after(tx, Some(ROOM), 500);
        retention::due(tx, 20, 100);
        retention::truncated_rooms(tx, RoomId(100), 500);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_entry_is_looked_up_in_the_rooms_written_to_last() {
    let store = large_store().await;
    let statements = storage::explained!(store, tx, retention::newest(tx));
    let [newest] = &statements[..] else {
        panic!("one statement, not {statements:?}");
    };
    println!("retention::newest: {newest}");
    assert!(newest.plan.contains("rooms_by_head_at"), "{newest}");
    assert!(!newest.scans().contains(&"e"), "{newest}");
    store.close().await;
}
