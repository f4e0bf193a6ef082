//! Checks the plan of every query with many users, on the database of the tests: none scans a
//! table. `just large-rooms` runs this with 100,000 users and shows the times.

use super::{housekeeping, profiles, sessions, user_sessions, users};
use crate::api::{Picture, PictureHash, PictureKind, Profile, SessionId, UserId};
use crate::name::Name;
use crate::secret::TokenHash;
use std::collections::HashSet;
use storage::kit::{Store, large};
use storage::looks_up;

fn id(n: u32) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

/// Creates a store with guests, accounts and users of an identity provider, a third each; one in
/// seven has ended. Each has three sessions: an ended one, an unconnected one, and one that is
/// connected if the user's number is small.
async fn large_store() -> Store {
    let store = Store::new().await;
    let people = large();
    let fill = format!(
        "INSERT INTO users (id, name, name_key, guest, issuer, subject, created_at, seen_at, ended_at)
             SELECT id, 'p' || n, 'p' || n, n % 3 = 0,
                 CASE WHEN n % 3 = 1 THEN 'issuer' END, CASE WHEN n % 3 = 1 THEN 's' || n END,
                 n, n, CASE WHEN n % 7 = 0 THEN n END
             FROM numbers WHERE n <= {people};
         INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, connected_at, ended_at)
             SELECT n.id, p.id, n.hash, n.n, n.n,
                 CASE WHEN n.n <= 100 THEN n.n END, CASE WHEN n.n > {people} * 2 THEN n.n END
             FROM numbers n JOIN numbers p ON p.n = (n.n - 1) % {people} + 1;
         INSERT INTO profiles (user_id, display) SELECT id, 'p' || n FROM numbers WHERE n <= {people};
         INSERT INTO pictures (user_id, hash, kind, bytes)
             SELECT id, hash, 1, hash FROM numbers WHERE n <= {people};"
    );
    store.fill(people * 3, &fill).await;
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_looked_up() {
    let store = large_store().await;
    let many: Vec<UserId> = (1..=256).map(|n| UserId(id(n))).collect();
    let set: &HashSet<UserId> = Box::leak(Box::new(many.iter().copied().collect()));
    let many: &[UserId] = many.leak();
    let keys: &[&str] = &["p1", "p2", "p3"];
    let (someone, large) = (many[1], i64::from(large()));
    let newcomer: &Name = Box::leak(Box::new(Name::parse("newcomer").unwrap()));
    looks_up!(store, |tx| {
        users::by_id(tx, many);
        users::by_key(tx, keys);
        users::by_identity(tx, "issuer", "s4");
        users::with_password(tx, "p2");
        users::with_service(tx, "p2");
        users::services(tx, many);
        users::change_password(tx, someone, "old", "new");
        users::taken_keys(tx, keys);
        users::rename(tx, someone, newcomer);
        users::seen(tx, set, 9);
        users::is_admin(tx, someone);
        users::grant_admin(tx, "p2");
        users::lock_guest(tx, someone);
        users::has_password(tx, someone, "hash");
        users::with_hash(tx, someone);
        users::upgrade(tx, someone, "hash", 9);
        housekeeping::forget_unseen(tx, many, 9);
    });
    looks_up!(in order store, |tx| {
        housekeeping::stale_guests(tx, large / 2, 500);
        users::upgraded(tx, 200);
        housekeeping::ended_after(tx, someone, 200);
        housekeeping::with_identity_after(tx, someone, 200);
    });
    looks_up!(store, |tx| {
        users::end(tx, someone, 9);
        users::erase(tx, someone, 9);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_are_looked_up() {
    let store = large_store().await;
    let many: Vec<UserId> = (1..=100).map(|n| UserId(id(n))).collect();
    let many: &[UserId] = many.leak();
    let someone = many[1];
    let hash = &PictureHash([7; 32]);
    let profile: &Profile = Box::leak(Box::default());
    let picture: &Picture = Box::leak(Box::new(Picture {
        kind: PictureKind::Png,
        bytes: vec![1; 9],
    }));
    looks_up!(store, |tx| {
        profiles::of(tx, many);
        profiles::set(tx, someone, profile);
        profiles::set_picture(tx, someone, hash, picture);
        profiles::picture(tx, hash);
        profiles::remove_picture(tx, someone);
        profiles::remove_of_users(tx, many);
    });
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_looked_up() {
    let store = large_store().await;
    let many: Vec<SessionId> = (1..=256).map(|n| SessionId(id(n))).collect();
    let many: &[SessionId] = many.leak();
    let people: Vec<UserId> = (1..=256).map(|n| UserId(id(n))).collect();
    let people: &[UserId] = people.leak();
    let (one, someone, large) = (many[1], people[1], i64::from(large()));
    looks_up!(store, |tx| {
        sessions::by_token(tx, &[TokenHash([7; 32])]);
        sessions::by_id(tx, one);
        sessions::connected(tx, &many[..2], 9);
        sessions::rename_device(tx, one, "telephone");
        sessions::extend(tx, one, 9);
        sessions::marks(tx, many);
        sessions::disconnected(tx, &many[..2], 9);
        sessions::seen(tx, many, 9);
        sessions::all_connected_seen(tx, 9);
        user_sessions::live_ids_of(tx, someone);
        user_sessions::page(tx, someone, None, 100);
        user_sessions::count_live(tx, someone);
        user_sessions::expires_after(tx, someone, 9);
        user_sessions::unconnected(tx, someone, 10);
        user_sessions::is_connected(tx, someone);
        user_sessions::with_connected_session(tx, people);
        user_sessions::with_any_session(tx, people);
    });
    looks_up!(in order store, |tx| {
        sessions::stale(tx, large, 500);
        sessions::forget_ended(tx, large * 2 + 100, 100);
    });
    looks_up!(store, |tx| {
        sessions::end(tx, many, 9);
        sessions::forget(tx, &many[..2]);
        user_sessions::forget_all(tx, someone);
    });
    store.close().await;
}
