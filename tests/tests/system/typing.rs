//! Who is typing.

use serde_json::json;
use std::time::Duration;
use tests::{Client, Server, on_sqlite};
use tokio::time::Instant;

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

on_sqlite! {
    async fn typing_is_told_and_ends_by_itself_after_eight_seconds(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let began = Instant::now();
        assert_eq!(bob.ok("typing", json!({"room": "lounge", "on": true})).await, json!({}));
        let push = alice.push("typing", "lounge").await;
        assert_eq!((&push["user"], &push["on"]), (bob.user(), &json!(true)));
        let push = alice.push("typing", "lounge").await;
        assert_eq!((&push["user"], &push["on"]), (bob.user(), &json!(false)));
        let after = began.elapsed();
        assert!(after > Duration::from_secs(6) && after < Duration::from_secs(40), "{after:?}");
    }

    async fn typing_is_ended_by_the_typist(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        bob.ok("typing", json!({"room": "lounge", "on": true})).await;
        alice.push("typing", "lounge").await;
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        bob.ok("typing", json!({"room": "lounge", "on": false})).await;
        assert_eq!(alice.push("typing", "lounge").await["on"], false);
    }

    async fn one_typing_in_three_seconds_counts(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for _ in 0..10 {
            bob.ok("typing", json!({"room": "lounge", "on": true})).await;
        }
        alice.push("typing", "lounge").await;
        alice.settle().await;
        assert!(alice.pushed("typing", "lounge").is_empty());
    }

    async fn typing_is_not_stored(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        bob.ok("typing", json!({"room": "lounge", "on": true})).await;
        alice.push("typing", "lounge").await;
        let log = alice.ok("log", json!({"room": "lounge", "after": 0})).await;
        assert_eq!(log["head"], 2);
    }
}
