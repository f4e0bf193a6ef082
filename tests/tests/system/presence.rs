//! Presence: not stored, and eventually consistent.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, LIMIT, Server, on_both};
use tokio::time::Instant;

/// Alice owns a room of which bob is a member; both are online, and alice has been notified.
async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    alice.entry("lounge", "joined").await;
    (alice, bob)
}

fn says(push: &Value, user: &str, state: &str) -> bool {
    let changes = push["changes"].as_array().unwrap();
    changes
        .iter()
        .any(|change| change["user"]["id"] == user && change["state"] == state)
}

/// Waits for this presence push.
async fn until(client: &mut Client, user: &str, state: &str, within: Duration) {
    client
        .push_where("presence", "lounge", within, |push| says(push, user, state))
        .await;
}

async fn is_online(client: &mut Client, user: &str) -> bool {
    let presence = client.ok("presence", json!({"room": "lounge"})).await;
    presence["online"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["id"] == user)
}

const SECOND: Duration = Duration::from_secs(1);

on_both! {
    async fn a_clean_leaver_is_offline_soon_and_back_within_two_seconds(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let (id, token) = (bob.id().to_owned(), bob.token());
        assert!(is_online(&mut alice, &id).await);
        let left = Instant::now();
        bob.close(1000).await;
        until(&mut alice, &id, "offline", LIMIT).await;
        assert!(left.elapsed() >= SECOND, "a moment of grace");
        assert!(!is_online(&mut alice, &id).await);
        let came = Instant::now();
        let _bob = server.hello(json!({"token": token})).await;
        until(&mut alice, &id, "online", LIMIT).await;
        // Two seconds, on an idle machine.
        assert!(came.elapsed() <= 10 * SECOND, "online after {:?}", came.elapsed());
    }

    async fn a_lost_connection_has_a_grace_of_twelve_seconds(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        let lost = Instant::now();
        bob.vanish();
        until(&mut alice, &id, "offline", LIMIT).await;
        assert!(lost.elapsed() >= 11 * SECOND, "offline after {:?}", lost.elapsed());
    }

    async fn one_who_comes_back_within_the_grace_was_never_away(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let (id, resume) = (bob.id().to_owned(), bob.resume());
        bob.vanish();
        let mut bob = server.hello(resume).await;
        tokio::join!(alice.idle(14 * SECOND), bob.idle(14 * SECOND));
        let pushes = alice.pushed("presence", "lounge");
        assert!(!pushes.iter().any(|push| says(push, &id, "offline")), "{pushes:?}");
    }

    async fn one_tab_of_two_closed_is_nobody_gone(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        let _tab = server.tab(&bob, "tab").await;
        bob.close(1000).await;
        alice.idle(4 * SECOND).await;
        let pushes = alice.pushed("presence", "lounge");
        assert!(!pushes.iter().any(|push| says(push, &id, "offline")), "{pushes:?}");
        assert!(is_online(&mut alice, &id).await);
    }

    async fn logout_is_a_clean_leave(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        bob.ok("logout", json!({})).await;
        until(&mut alice, &id, "offline", LIMIT).await;
    }

    async fn a_draining_server_announces_nobodys_leaving(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        server.signal("TERM");
        alice.push("bye", "").await;
        assert_eq!(alice.closed().await.code, Some(1012));
        let pushes = alice.pushed("presence", "lounge");
        assert!(!pushes.iter().any(|push| says(push, &id, "offline")), "{pushes:?}");
        server.ended().await;
    }

    async fn after_a_restart_everyone_counts_as_online_until_the_grace_ends(store: Store) {
        let server = store.server().await;
        let (alice, bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        server.crash().await;
        let started = Instant::now();
        let mut alice = server.resume(&alice).await;
        assert!(is_online(&mut alice, &id).await, "bob was connected when it died");
        until(&mut alice, &id, "offline", LIMIT).await;
        assert!(started.elapsed() >= 10 * SECOND, "offline after {:?}", started.elapsed());
        assert!(!is_online(&mut alice, &id).await);
    }

    async fn one_who_comes_back_after_a_restart_was_never_away(store: Store) {
        let server = store.server().await;
        let (alice, bob) = lounge(&server).await;
        let id = bob.id().to_owned();
        assert_eq!(server.stop().await.code, Some(0));
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        let mut bob = server.resume(&bob).await;
        tokio::join!(alice.idle(16 * SECOND), bob.idle(16 * SECOND));
        let pushes = alice.pushed("presence", "lounge");
        assert!(!pushes.iter().any(|push| says(push, &id, "offline")), "{pushes:?}");
        assert!(is_online(&mut alice, &id).await);
    }

    async fn changes_come_at_most_once_a_second_and_room(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        alice.idle(2 * SECOND).await;
        alice.pushed("presence", "lounge");
        let mut guests = Vec::new();
        let began = Instant::now();
        for number in 0..10 {
            let mut guest = server.guest(&format!("guest{number}")).await;
            guest.ok("join", json!({"room": "lounge"})).await;
            guests.push(guest);
        }
        while !is_online(&mut alice, guests[9].id()).await {}
        alice.idle(3 * SECOND).await;
        let heard = alice.pushed("presence", "lounge").len();
        let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
        assert!(heard <= seconds + 2, "{heard} pushes in {seconds} s");
    }
}
