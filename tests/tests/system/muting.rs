//! A mute silences a member, and outlasts leaving and rejoining.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Server, Settings, on_both};

const LONG: u64 = 4_000_000_000_000;

/// Alice owns a public room; bob, a member of it, is muted.
async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    mute(&mut alice, &bob, LONG).await;
    bob.entry("lounge", "muted").await;
    (alice, bob)
}

async fn mute(by: &mut Client, whom: &Client, until_ms: u64) {
    let d = json!({"room": "lounge", "user": whom.id(), "until_ms": until_ms});
    by.ok("mute", d).await;
}

async fn muted_until(client: &mut Client, user: &str) -> Value {
    let reply = client.ok("members", json!({"room": "lounge"})).await;
    let members = reply["members"].as_array().unwrap();
    let line = members.iter().find(|line| line["user"]["id"] == user);
    line.unwrap()["muted_until"].clone()
}

fn psst() -> Value {
    json!({"room": "lounge", "cid": "psst", "body": "psst"})
}

on_both! {
    async fn no_text_of_the_muted_reaches_anyone(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let carol = server.account("carol").await;
        let reason = "x".repeat(500);
        let invite = json!({"room": "lounge", "user": carol.id(), "reason": reason});
        bob.refused("invite", invite, "muted").await;
        bob.refused("send", psst(), "muted").await;
        bob.refused("typing", json!({"room": "lounge", "on": true}), "muted").await;
        let promote = json!({"room": "lounge", "user": bob.id(), "role": "moderator"});
        alice.ok("role", promote).await;
        let update = json!({"room": "lounge", "topic": "psst"});
        bob.refused("room.update", update, "muted").await;
        let kick = json!({"room": "lounge", "user": carol.id(), "reason": "psst"});
        bob.refused("kick", kick, "muted").await;
        bob.ok("read", json!({"room": "lounge", "seq": 2})).await;
        alice.settle().await;
        assert!(alice.pushed("typing", "lounge").is_empty());
        mute(&mut alice, &bob, 0).await;
        bob.entry("lounge", "unmuted").await;
        bob.ok("typing", json!({"room": "lounge", "on": true})).await;
        assert_eq!(alice.push("typing", "lounge").await["user"], *bob.user());
        bob.ok("send", psst()).await;
    }

    async fn leaving_and_joining_does_not_lift_a_mute(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        bob.ok("leave", json!({"room": "lounge"})).await;
        // A connection opened while bob is not a member learns of the mute from the `join`.
        let mut tab = server.tab(&bob, "tab").await;
        tab.ok("join", json!({"room": "lounge"})).await;
        tab.refused("typing", json!({"room": "lounge", "on": true}), "muted").await;
        tab.refused("send", psst(), "muted").await;
        assert!(!muted_until(&mut alice, bob.id()).await.is_null());
        alice.ok("kick", json!({"room": "lounge", "user": bob.id()})).await;
        mute(&mut alice, &bob, 0).await;
        tab.ok("join", json!({"room": "lounge"})).await;
        tab.ok("send", psst()).await;
        assert!(muted_until(&mut alice, bob.id()).await.is_null());
    }

    async fn a_restart_and_a_new_connection_do_not_lift_a_mute(store: Store) {
        let server = store.server().await;
        let (_alice, bob) = lounge(&server).await;
        let token = bob.token();
        server.stop().await;
        server.start_again().await;
        let mut bob = server.hello(json!({"token": token, "subscribe": "all"})).await;
        bob.refused("typing", json!({"room": "lounge", "on": true}), "muted").await;
        bob.refused("send", psst(), "muted").await;
    }

    async fn retention_does_not_lift_a_mute(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        bob.ok("leave", json!({"room": "lounge"})).await;
        let token = bob.token();
        let last = alice.say("lounge", "later").await["seq"].as_i64().unwrap();
        alice.vanish();
        bob.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        let old = "UPDATE entries SET at = at - 259200000 WHERE kind <> 1";
        store.sql().await.run(old).await;
        store.begins_anew();
        let server = store.serve(Settings::default().with("PARLOR_RETENTION_DAYS", "1")).await;
        let forgotten = async {
            let old = format!("entries WHERE seq < {last} AND kind = 11");
            while store.sql().await.count(&old).await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), forgotten).await.expect("it is too old");
        let mut bob = server.hello(json!({"token": token})).await;
        bob.ok("join", json!({"room": "lounge"})).await;
        bob.refused("send", psst(), "muted").await;
    }
}
