//! Invitations, kicks, bans, mutes and roles.

use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::{Client, LIMIT, Server, on_both};

/// Alice owns a public room of which bob is a member.
async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    bob.push("room", "lounge").await;
    (alice, bob)
}

fn about(user: &Client) -> Value {
    json!({"room": "lounge", "user": user.id()})
}

fn with(mut d: Value, field: &str, value: Value) -> Value {
    d[field] = value;
    d
}

fn in_ms(ms: u64) -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
        + u128::from(ms)
}

on_both! {
    async fn an_invitation_opens_a_private_room(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap();
        alice.ok("join", json!({"room": room})).await;
        bob.refused("join", json!({"room": room}), "no_such_room").await;
        let invite = json!({"room": room, "user": "@bob", "reason": "come and see"});
        let invited = alice.ok("invite", invite).await;
        let entry = alice.entry(room, "invited").await;
        assert_eq!(entry["seq"], invited["seq"]);
        assert_eq!(entry["user"], *bob.user());
        assert_eq!(entry["reason"], "come and see");
        let push = bob.push("room", room).await;
        assert_eq!(push["why"], "invited");
        assert_eq!(push["by"], *alice.user());
        bob.ok("join", json!({"room": room})).await;
        assert_eq!(alice.entry(room, "joined").await["author"], *bob.user());
    }

    async fn the_kicked_get_that_entry_and_nothing_after_it(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let mut tab = server.tab(&bob, "tab").await;
        tab.ok("join", json!({"room": "lounge"})).await;
        let kick = with(about(&bob), "reason", json!("shouting"));
        let kicked = alice.ok("kick", kick).await;
        alice.say("lounge", "peace").await;
        for client in [&mut bob, &mut tab] {
            let gone = client.push("gone", "lounge").await;
            assert_eq!(gone["why"], "kicked");
            assert_eq!(gone["seq"], kicked["seq"]);
            assert_eq!(gone["by"], *alice.user());
            assert_eq!(gone["reason"], "shouting");
            assert_eq!(client.entry("lounge", "kicked").await["seq"], kicked["seq"]);
            client.settle().await;
        }
        bob.refused("log", json!({"room": "lounge", "after": 0}), "not_member").await;
        bob.refused("history", json!({"room": "lounge"}), "not_member").await;
        // A kick is not a ban.
        bob.ok("join", json!({"room": "lounge"})).await;
    }

    async fn the_banned_stay_out_until_they_are_unbanned(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let banned = alice.ok("ban", about(&bob)).await;
        let gone = bob.push("gone", "lounge").await;
        assert_eq!((&gone["why"], &gone["seq"]), (&json!("banned"), &banned["seq"]));
        bob.refused("join", json!({"room": "lounge"}), "banned").await;
        alice.ok("unban", about(&bob)).await;
        assert_eq!(alice.entry("lounge", "unbanned").await["user"], *bob.user());
        bob.ok("join", json!({"room": "lounge"})).await;
    }

    async fn someone_may_be_banned_before_they_come(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        let mut eve = server.account("eve").await;
        alice.ok("ban", about(&eve)).await;
        eve.refused("join", json!({"room": "lounge"}), "banned").await;
    }

    async fn a_ban_voids_an_earlier_invitation(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap();
        alice.ok("invite", json!({"room": room, "user": bob.id()})).await;
        alice.ok("ban", json!({"room": room, "user": bob.id()})).await;
        alice.ok("unban", json!({"room": room, "user": bob.id()})).await;
        bob.refused("join", json!({"room": room}), "no_such_room").await;
    }

    async fn the_muted_read_and_do_not_speak(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let target = bob.say("lounge", "before").await["seq"].clone();
        let until = in_ms(600_000);
        alice.ok("mute", with(about(&bob), "until_ms", json!(until))).await;
        let muted = bob.entry("lounge", "muted").await;
        assert_eq!(muted["until_ms"], json!(until));
        let send = json!({"room": "lounge", "cid": "c", "body": "psst"});
        bob.refused("send", send.clone(), "muted").await;
        let edit = json!({"room": "lounge", "target": target, "body": "psst"});
        bob.refused("edit", edit, "muted").await;
        let react = json!({"room": "lounge", "target": target, "emoji": "👍", "on": true});
        bob.refused("react", react, "muted").await;
        bob.ok("history", json!({"room": "lounge"})).await;
        let members = alice.ok("members", json!({"room": "lounge"})).await;
        let lines = members["members"].as_array().unwrap();
        let line = lines.iter().find(|line| line["user"] == *bob.user()).unwrap();
        assert!(!line["muted_until"].is_null(), "{line}");
        alice.ok("mute", with(about(&bob), "until_ms", json!(0))).await;
        assert_eq!(bob.entry("lounge", "unmuted").await["user"], *bob.user());
        bob.ok("send", send).await;
    }

    async fn a_mute_ends_by_itself(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.ok("mute", with(about(&bob), "until_ms", json!(in_ms(1_000)))).await;
        let send = json!({"room": "lounge", "cid": "c", "body": "at last"});
        bob.refused("send", send.clone(), "muted").await;
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        while bob.call("send", send.clone()).await.is_err() {
            assert!(tokio::time::Instant::now() < end, "the mute ended");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn a_role_is_given_and_told(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let mut carol = server.account("carol").await;
        carol.ok("join", json!({"room": "lounge"})).await;
        bob.refused("kick", about(&carol), "forbidden").await;
        let given = alice.ok("role", with(about(&bob), "role", json!("moderator"))).await;
        let entry = bob.entry("lounge", "role").await;
        assert_eq!((&entry["seq"], &entry["role"]), (&given["seq"], &json!("moderator")));
        let push = bob.push("room", "lounge").await;
        assert_eq!((&push["why"], &push["card"]["role"]), (&json!("role"), &json!("moderator")));
        bob.ok("kick", about(&carol)).await;
    }

    async fn a_moderator_does_not_reach_up(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.ok("role", with(about(&bob), "role", json!("moderator"))).await;
        for op in ["kick", "ban"] {
            bob.refused(op, about(&alice), "forbidden").await;
        }
        let mute = with(about(&alice), "until_ms", json!(in_ms(60_000)));
        bob.refused("mute", mute, "forbidden").await;
        let promote = with(about(&bob), "role", json!("owner"));
        bob.refused("role", promote, "forbidden").await;
    }

    async fn changes_of_the_card_are_told_to_all_connections_of_members(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let mut tab = server.tab(&bob, "not-subscribed").await;
        let update = json!({"room": "lounge", "topic": "tea", "title": "The Lounge"});
        let updated = alice.ok("room.update", update).await;
        assert_eq!(updated["card"]["topic"], "tea");
        assert_eq!(bob.entry("lounge", "room").await["seq"], updated["seq"]);
        for client in [&mut bob, &mut tab] {
            let changed = |d: &Value| d["why"] == "changed";
            let push = client.push_where("room", "lounge", LIMIT, changed).await;
            assert_eq!(push["card"]["topic"], "tea");
            assert_eq!(push["card"]["title"], "The Lounge");
            assert_eq!(push["card"]["role"], "member");
        }
        bob.refused("room.update", json!({"room": "lounge", "topic": "beer"}), "forbidden").await;
    }

    async fn nobody_can_be_found_who_is_not_there(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        for op in ["invite", "kick", "ban"] {
            alice.refused(op, json!({"room": "lounge", "user": "@nobody"}), "no_such_user").await;
        }
    }
}
