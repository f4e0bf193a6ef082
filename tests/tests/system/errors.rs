//! Each error name of the protocol.

use crate::closing::identities;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Api, Claims, Client, Hold, Refusal, Server, Settings, Store, contract, on_both, snag};

macro_rules! names {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {
        on_both! {$(
            async fn $name($store: Store) {
                let refusal: Refusal = $body;
                assert_eq!(refusal, stringify!($name), "{}", refusal.all);
            }
        )+}

        const SEEN: &[&str] = &[$(stringify!($name)),+];
    };
}

#[test]
fn every_error_name_of_the_protocol_has_its_test() {
    for name in contract().errors.keys() {
        assert!(SEEN.contains(&name.as_str()), "no test gets {name}");
    }
    for name in SEEN {
        assert!(
            contract().errors.contains_key(*name),
            "the protocol does not know {name}"
        );
    }
}

async fn greeted(store: &Store) -> Client {
    store.server().await.account("alice").await
}

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

async fn err(client: &mut Client, op: &str, d: Value) -> Refusal {
    client.call(op, d).await.expect_err("it is refused")
}

fn send(cid: &str) -> Value {
    json!({"room": "lounge", "cid": cid, "body": "x"})
}

async fn answered(api: &Api, path: &str, body: Value) -> Refusal {
    let answer = api.post(path, &body).await;
    Refusal::read(&answer.json()["err"]).expect("an err of the protocol")
}

names! {
    async fn bad_frame(store: Store) {
        let mut alice = greeted(&store).await;
        alice.text("nonsense").await;
        alice.stray().await
    }

    async fn bad_request(store: Store) {
        let refusal = err(&mut greeted(&store).await, "join", json!({})).await;
        assert_eq!(refusal.all["field"], "room");
        refusal
    }

    async fn unknown_op(store: Store) {
        err(&mut greeted(&store).await, "no.such.op", json!({})).await
    }

    async fn bad_text(store: Store) {
        let (mut alice, _) = lounge(&store.server().await).await;
        err(&mut alice, "send", json!({"room": "lounge", "cid": "c", "body": "\0"})).await
    }

    async fn unauthenticated(store: Store) {
        let server = store.server().await;
        err(&mut server.connect().await, "rooms", json!({})).await
    }

    async fn token_expired(store: Store) {
        let server = store.serve(identities()).await;
        let jwt = Claims::of("subject", "alice", -120).jwt();
        err(&mut server.connect().await, "hello", json!({"jwt": jwt})).await
    }

    async fn bad_credentials(store: Store) {
        let server = store.server().await;
        err(&mut server.connect().await, "hello", json!({"token": "A".repeat(43)})).await
    }

    async fn not_member(store: Store) {
        let server = store.server().await;
        let _room = lounge(&server).await;
        err(&mut server.account("eve").await, "send", send("c")).await
    }

    async fn forbidden(store: Store) {
        let (alice, mut bob) = lounge(&store.server().await).await;
        err(&mut bob, "kick", json!({"room": "lounge", "user": alice.id()})).await
    }

    async fn muted(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        let mute = json!({"room": "lounge", "user": bob.id(), "until_ms": 4_000_000_000_000_u64});
        alice.ok("mute", mute).await;
        err(&mut bob, "send", send("c")).await
    }

    async fn banned(store: Store) {
        let (mut alice, mut bob) = lounge(&store.server().await).await;
        alice.ok("ban", json!({"room": "lounge", "user": bob.id()})).await;
        err(&mut bob, "join", json!({"room": "lounge"})).await
    }

    async fn guests_off(store: Store) {
        let server = store.serve(Settings::default().with("PARLOR_GUESTS", "off")).await;
        err(&mut server.connect().await, "hello", json!({"guest": "alice"})).await
    }

    async fn not_allowed_for_guests(store: Store) {
        let mut guest = store.server().await.guest("guest").await;
        err(&mut guest, "room.create", json!({"name": "lounge", "kind": "public"})).await
    }

    async fn limit_reached(store: Store) {
        let (mut alice, _) = lounge(&store.server().await).await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        let react = |emoji: char| json!({"room": "lounge", "target": seq, "emoji": emoji, "on": true});
        for emoji in '😀'..='😓' {
            alice.ok("react", react(emoji)).await;
        }
        let refusal = err(&mut alice, "react", react('👍')).await;
        assert!(refusal.all["limit"].is_string());
        refusal
    }

    async fn no_such_room(store: Store) {
        err(&mut greeted(&store).await, "join", json!({"room": "nowhere"})).await
    }

    async fn no_such_message(store: Store) {
        let (mut alice, _) = lounge(&store.server().await).await;
        err(&mut alice, "delete", json!({"room": "lounge", "target": 99})).await
    }

    async fn no_such_user(store: Store) {
        let (mut alice, _) = lounge(&store.server().await).await;
        err(&mut alice, "kick", json!({"room": "lounge", "user": "@nobody"})).await
    }

    async fn no_such_link(store: Store) {
        let mut alice = greeted(&store).await;
        err(&mut alice, "link.info", json!({"code": "none"})).await
    }

    async fn no_such_path(store: Store) {
        answered(&store.server().await.api(), "/api/v1/nothing", json!({})).await
    }

    async fn method_not_allowed(store: Store) {
        answered(&store.server().await.api(), "/api/v1/me", json!({})).await
    }

    async fn cid_conflict(store: Store) {
        let (mut alice, _) = lounge(&store.server().await).await;
        alice.ok("send", send("c")).await;
        err(&mut alice, "send", json!({"room": "lounge", "cid": "c", "body": "y"})).await
    }

    async fn name_taken(store: Store) {
        let server = store.server().await;
        let _alice = server.account("alice").await;
        err(&mut server.connect().await, "hello", json!({"guest": "alice"})).await
    }

    async fn too_large(store: Store) {
        let server = store.server().await;
        let api = server.api().bearing(&server.register("alice").await);
        answered(&api, "/api/v1/login", json!({"name": "x".repeat(2_000_000)})).await
    }

    async fn rate_limited(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut commands = Vec::new();
        for number in 0..60 {
            commands.push(alice.post("send", send(&format!("c{number}"))).await);
        }
        let mut refused = None;
        for command in commands {
            refused = alice.reply(command).await.err().or(refused);
        }
        let refusal = refused.expect("60 at once are too many");
        assert!(refusal.all["retry_after_ms"].as_u64().unwrap() > 0);
        refusal
    }

    async fn internal(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let (mut alice, _) = lounge(&server).await;
        let mut sql = store.sql().await;
        sql.run("ALTER TABLE reactions RENAME TO hidden").await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        let react = json!({"room": "lounge", "target": seq, "emoji": "👍", "on": true});
        let refusal = err(&mut alice, "react", react.clone()).await;
        sql.run("ALTER TABLE hidden RENAME TO reactions").await;
        alice.say("lounge", "all is well").await;
        alice.ok("react", react).await;
        refusal
    }

    async fn overloaded(store: Store) {
        let server = store.serve(Settings::default().linked()).await;
        server.expect_trouble();
        let (alice, _bob) = lounge(&server).await;
        let mut tabs = vec![];
        for number in 0..7 {
            let mut tab = server.tab(&alice, &format!("tab{number}")).await;
            tab.ok("join", json!({"room": "lounge"})).await;
            tabs.push(tab);
        }
        let hold = Hold::of(&store).await;
        let mut commands = Vec::new();
        for (place, tab) in tabs.iter_mut().enumerate() {
            for number in 0..250 {
                commands.push((place, tab.post("send", send(&format!("{place}-{number}"))).await));
            }
        }
        let mut shed = None;
        for (place, command) in commands {
            if let Err(refusal) = tabs[place].reply(command).await {
                assert_eq!(refusal.all["retryable"], true, "{}", refusal.all);
                shed = if refusal == "overloaded" { Some(refusal) } else { shed };
            }
        }
        hold.release();
        shed.expect("1,750 commands that cannot end are more than are let in")
    }

    async fn storage_unavailable(store: Store) {
        let server = store.serve(Settings::default().linked()).await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        let hold = Hold::of(&store).await;
        // The first has begun and is held; the second waits behind it until its time is up.
        let begun = alice.post("send", send("begun")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let waiting = bob.post("send", send("waiting")).await;
        let begun = alice.reply(begun).await.unwrap_err();
        let waiting = bob.reply(waiting).await.unwrap_err();
        hold.release();
        assert_eq!(begun.all["retryable"], true, "{}", begun.all);
        repeated(&mut alice, send("begun")).await;
        repeated(&mut bob, send("waiting")).await;
        waiting
    }

    async fn outcome_unknown(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let (mut alice, _bob) = lounge(&server).await;
        snag(&store).await;
        let refusal = err(&mut alice, "send", send("held")).await;
        repeated(&mut alice, send("held")).await;
        refusal
    }

    async fn draining(store: Store) {
        let server = store.serve(Settings::default().linked()).await;
        server.expect_trouble();
        let (mut alice, _bob) = lounge(&server).await;
        let hold = Hold::of(&store).await;
        // The first was sent and is held; the page behind it waits for its reply.
        let asked = alice.post("send", send("asked")).await;
        let waiting = alice.post("history", json!({"room": "lounge"})).await;
        // When this is answered, both have been read.
        alice.ok("ping", json!({})).await;
        server.signal("TERM");
        let asked = alice.reply(asked).await.unwrap_err();
        assert!(asked == "outcome_unknown" || asked == "draining", "{}", asked.all);
        let waiting = alice.reply(waiting).await.unwrap_err();
        hold.release();
        server.ended().await;
        waiting
    }
}

/// After a timeout the command is repeated until it succeeds: nothing is lost or stored twice.
async fn repeated(client: &mut Client, send: Value) {
    // A computation may be what delays it, which takes longer on a busy machine.
    let end = tokio::time::Instant::now() + Duration::from_secs(200);
    let ack = loop {
        match client.call("send", send.clone()).await {
            Ok(ack) => break ack,
            Err(refusal) => assert_eq!(refusal.all["retryable"], true, "{}", refusal.all),
        }
        assert!(tokio::time::Instant::now() < end, "the repeat came through");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let log = client
        .ok("log", json!({"room": "lounge", "after": 0, "limit": 200}))
        .await;
    let entries = log["entries"].as_array().unwrap();
    let same = entries
        .iter()
        .filter(|entry| entry["cid"] == send["cid"] && entry["author"]["id"] == client.id());
    let seqs: Vec<_> = same.map(|entry| entry["seq"].clone()).collect();
    assert_eq!(seqs, [ack["seq"].clone()]);
}
