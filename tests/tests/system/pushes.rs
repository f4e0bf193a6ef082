//! Each push of the protocol.

use crate::closing::identities;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Claims, Client, LIMIT, Server, Settings, contract, on_both};

/// Long enough for a probe of the database, even on a busy machine.
const PROBED: Duration = Duration::from_secs(40);

macro_rules! pushes {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {
        on_both! {$(
            async fn $name($store: Store) $body
        )+}

        const SEEN: &[&str] = &[$(stringify!($name)),+];
    };
}

#[test]
fn every_push_of_the_protocol_has_its_test() {
    for name in &contract().pushes {
        let name = name.as_str();
        assert!(SEEN.contains(&name), "no test gets {name}");
    }
    for name in SEEN {
        assert!(
            contract().pushes.contains(*name),
            "the protocol does not know {name}"
        );
    }
}

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

pushes! {
    async fn entry(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        let ack = alice.say("lounge", "hello").await;
        assert_eq!(bob.entry("lounge", "message").await["seq"], ack["seq"]);
    }

    async fn room(store: Store) {
        let (_alice, mut bob) = lounge(&store.server().await).await;
        let push = bob.push("room", "lounge").await;
        assert_eq!((&push["why"], &push["by"]), (&json!("joined"), bob.user()));
    }

    async fn gone(store: Store) {
        let (_alice, mut bob) = lounge(&store.server().await).await;
        let left = bob.ok("leave", json!({"room": "lounge"})).await;
        let gone = bob.push("gone", "lounge").await;
        assert_eq!((&gone["seq"], &gone["by"]), (&left["seq"], bob.user()));
    }

    async fn typing(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        bob.ok("typing", json!({"room": "lounge", "on": true})).await;
        assert_eq!(alice.push("typing", "lounge").await["on"], true);
    }

    async fn presence(store: Store) {
        let (mut alice, bob) = lounge(&store.server().await).await;
        let id = bob.id().to_owned();
        bob.close(1000).await;
        let offline = |push: &Value| {
            let changes = push["changes"].as_array().unwrap();
            changes.iter().any(|one| one["user"]["id"] == id && one["state"] == "offline")
        };
        let push = alice.push_where("presence", "lounge", LIMIT, offline).await;
        assert_eq!(push["online"], 1);
    }

    async fn read(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let mut tab = server.tab(&bob, "tab").await;
        let ack = alice.say("lounge", "news").await;
        let marked = bob.ok("read", json!({"room": "lounge", "seq": ack["seq"]})).await;
        assert_eq!(tab.push("read", "lounge").await, marked);
    }

    async fn prefs(store: Store) {
        let server = store.server().await;
        let (_alice, mut bob) = lounge(&server).await;
        let mut tab = server.tab(&bob, "tab").await;
        let set = bob.ok("room.prefs", json!({"room": "lounge", "favourite": true})).await;
        assert_eq!(tab.push("prefs", "lounge").await, set["prefs"]);
    }

    async fn profile(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        let set = bob.ok("profile.set", json!({"display": "Bob"})).await;
        assert_eq!(alice.push("profile", "").await, set["profile"]);
    }

    async fn heads(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        let head = alice.say("lounge", "the last for now").await["seq"].clone();
        let of_room = |d: &Value| d["lounge"] == head;
        // Within 15 s after the last entry, and once more 15 s later.
        for _ in 0..2 {
            tokio::join!(
                bob.push_where("heads", "", Duration::from_secs(17), of_room),
                alice.push_where("heads", "", Duration::from_secs(17), of_room),
            );
        }
    }

    async fn gap(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        alice.say("lounge", "before").await;
        let head = bob.cursor("lounge").max(3);
        // The store has lost this entry.
        let mut sql = store.sql().await;
        sql.run("UPDATE rooms SET head = head + 1 WHERE key = 'lounge'").await;
        let ack = alice.say("lounge", "after").await;
        assert_eq!(ack["seq"], head + 2);
        for client in [&mut alice, &mut bob] {
            let gap = client.push("gap", "lounge").await;
            assert_eq!(gap, json!({"from": head + 1, "to": head + 1}));
            client.reach("lounge", head + 2).await;
        }
    }

    async fn auth_expiring(store: Store) {
        let server = store.serve(identities()).await;
        let mut alice = server.connect().await;
        let jwt = Claims::of("subject", "alice", 3).jwt();
        alice.hello(json!({"jwt": jwt})).await.unwrap();
        let push = alice.push("auth_expiring", "").await;
        assert!(push["in_ms"].as_u64().unwrap() <= 64_000);
    }

    async fn notice(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        let mut sql = store.sql().await;
        sql.run("ALTER TABLE storage_meta RENAME TO hidden").await;
        for client in [&mut alice, &mut bob] {
            let lost = client.push_within("notice", "", PROBED).await;
            assert_eq!(lost["name"], "storage_unavailable");
        }
        sql.run("ALTER TABLE hidden RENAME TO storage_meta").await;
        for client in [&mut alice, &mut bob] {
            let back = client.push_within("notice", "", PROBED).await;
            assert_eq!(back["name"], "storage_available");
        }
        alice.say("lounge", "all is well").await;
    }

    async fn resumed(store: Store) {
        let server = store.server().await;
        let (_alice, bob) = lounge(&server).await;
        server.resume(&bob).await.push("resumed", "").await;
    }

    async fn bye(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        server.signal("TERM");
        let bye = alice.push("bye", "").await;
        assert!(bye["reason"].is_string());
        server.ended().await;
    }

    async fn ping(store: Store) {
        let settings = Settings::default()
            .with("PARLOR_PING_EVERY_MS", "1000")
            .with("PARLOR_PONG_TIMEOUT_MS", "5000");
        let server = store.serve(settings).await;
        let mut alice = server.guest("alice").await;
        // Each Ping is answered meanwhile, so the connection stays open.
        for _ in 0..7 {
            alice.push("ping", "").await;
        }
        assert!(!alice.has_ended());
        alice.ok("ping", json!({})).await;
    }
}
