//! Joining, leaving and subscribing, and who is notified.

use serde_json::json;
use tests::on_both;

on_both! {
    async fn join_makes_a_member_and_gives_the_backlog_and_the_live_as_one(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "one").await;
        alice.say("lounge", "two").await;
        let mut bob = server.guest("bob").await;
        let joined = bob.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(joined["card"]["room"], "lounge");
        assert_eq!(joined["card"]["kind"], "public");
        assert_eq!(joined["card"]["role"], "member");
        assert_eq!(joined["complete"], true);
        assert_eq!(joined["members"]["count"], 2);
        let entries = joined["entries"].as_array().unwrap();
        let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["joined", "message", "message", "joined"]);
        assert_eq!(joined["head"], entries.last().unwrap()["seq"], "its own joined is in it");
        let ack = alice.say("lounge", "three").await;
        assert_eq!(ack["seq"], joined["head"].as_i64().unwrap() + 1);
        assert_eq!(bob.entry("lounge", "message").await["seq"], ack["seq"]);
        assert_eq!(alice.entry("lounge", "joined").await["author"], *bob.user());
    }

    async fn join_gives_at_most_limit_entries_and_says_whether_that_is_all(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        for number in 0..5 {
            alice.say("lounge", &format!("message {number}")).await;
        }
        let mut bob = server.guest("bob").await;
        let newest = bob.ok("join", json!({"room": "lounge", "limit": 3})).await;
        assert_eq!(newest["entries"].as_array().unwrap().len(), 3);
        assert_eq!(newest["complete"], false);
        assert_eq!(newest["entries"][2]["seq"], newest["head"]);
        let rest = bob.ok("join", json!({"room": "lounge", "after": 2, "limit": 2})).await;
        assert_eq!(rest["entries"][0]["seq"], 3);
        assert_eq!(rest["entries"].as_array().unwrap().len(), 2);
        assert_eq!(rest["complete"], false);
        let all = bob.ok("join", json!({"room": "lounge", "after": 2})).await;
        assert_eq!(all["complete"], true);
        assert_eq!(all["entries"].as_array().unwrap().last().unwrap()["seq"], all["head"]);
    }

    async fn a_room_that_is_not_there_cannot_be_joined(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        for room in ["no-such-room", "~0123456789abcdefghijkl", "", "Ünicode", "a b"] {
            let answer = alice.call("join", json!({"room": room})).await.unwrap_err();
            assert!(answer == "no_such_room" || answer == "bad_request", "{room}: {answer:?}");
        }
    }

    async fn joining_is_told_to_every_connection_of_the_user(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        let mut tab = server.tab(&bob, "tab").await;
        let joined = bob.ok("join", json!({"room": "lounge"})).await;
        for client in [&mut bob, &mut tab] {
            let push = client.push("room", "lounge").await;
            assert_eq!(push["why"], "joined");
            assert_eq!(push["head"], joined["head"]);
            assert_eq!(push["card"]["role"], "member");
        }
        alice.say("lounge", "heard by one of them").await;
        bob.entry("lounge", "message").await;
        tab.settle().await;
        assert!(tab.pushed("entry", "lounge").is_empty(), "the tab is not subscribed");
    }

    async fn a_subscription_to_all_follows_every_membership(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut tab = server
            .hello(json!({"token": alice.token(), "tab": "all", "subscribe": "all"}))
            .await;
        tab.push("resumed", "").await;
        alice.open("lounge").await;
        assert_eq!(tab.push("room", "lounge").await["why"], "joined");
        let ack = alice.say("lounge", "to all").await;
        assert_eq!(tab.entry("lounge", "message").await["seq"], ack["seq"]);
        alice.ok("leave", json!({"room": "lounge"})).await;
        assert_eq!(tab.push("gone", "lounge").await["why"], "left");
    }

    async fn leaving_ends_the_room_before_its_reply(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        let mut tab = server.tab(&bob, "tab").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        tab.ok("join", json!({"room": "lounge"})).await;
        let left = bob.ok("leave", json!({"room": "lounge"})).await;
        for client in [&mut bob, &mut tab] {
            assert_eq!(client.entry("lounge", "left").await["seq"], left["seq"]);
            let gone = client.push("gone", "lounge").await;
            assert_eq!((&gone["why"], &gone["seq"]), (&json!("left"), &left["seq"]));
        }
        alice.say("lounge", "not for them").await;
        // Each client's ledger rejects an unexpected entry.
        bob.settle().await;
        tab.settle().await;
        bob.refused("send", json!({"room": "lounge", "cid": "c", "body": "x"}), "not_member").await;
        bob.refused("log", json!({"room": "lounge", "after": 0}), "not_member").await;
    }

    async fn one_who_has_left_may_join_again(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        let first = bob.ok("join", json!({"room": "lounge"})).await;
        bob.ok("leave", json!({"room": "lounge"})).await;
        let second = bob.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(second["head"], first["head"].as_i64().unwrap() + 2);
        let ack = alice.say("lounge", "welcome back").await;
        assert_eq!(bob.entry("lounge", "message").await["seq"], ack["seq"]);
    }

    async fn only_members_of_a_public_room_read_or_write_in_it(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut eve = server.guest("eve").await;
        let room = json!({"room": "lounge"});
        for op in ["members", "presence", "history"] {
            eve.refused(op, room.clone(), "not_member").await;
        }
        eve.refused("log", json!({"room": "lounge", "after": 0}), "not_member").await;
        eve.refused("read", json!({"room": "lounge", "seq": 1}), "not_member").await;
        eve.refused("typing", json!({"room": "lounge", "on": true}), "not_member").await;
    }

    async fn a_private_room_is_unknown_to_strangers(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let made = alice.ok("room.create", json!({"name": "Secret plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap().to_owned();
        assert_eq!(room.len(), 23);
        assert!(room.starts_with('~'));
        assert_eq!(made["card"]["title"], "Secret plans");
        assert_eq!(made["card"]["history"], "since_join");
        assert_eq!(made["card"]["role"], "owner");
        let mut eve = server.account("eve").await;
        for op in ["join", "leave", "members", "presence", "history"] {
            eve.refused(op, json!({"room": room}), "no_such_room").await;
        }
        let send = json!({"room": room, "cid": "c", "body": "x"});
        eve.refused("send", send, "no_such_room").await;
        let listed = eve.ok("rooms", json!({"all": true})).await;
        assert!(!listed.to_string().contains(&room));
    }

    async fn members_of_a_since_join_room_read_from_their_own_joining(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap();
        alice.ok("join", json!({"room": room})).await;
        alice.say(room, "before bob").await;
        alice.ok("invite", json!({"room": room, "user": bob.id()})).await;
        let joined = bob.ok("join", json!({"room": room})).await;
        let entries = joined["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 1, "nothing before its own joined: {joined}");
        assert_eq!(entries[0]["kind"], "joined");
        assert_eq!(joined["complete"], true);
        let log = bob.ok("log", json!({"room": room, "after": 0})).await;
        assert_eq!(log["entries"], joined["entries"]);
        let history = bob.ok("history", json!({"room": room})).await;
        assert_eq!(history["messages"], json!([]));
        assert_eq!(history["more"], false);
    }

    async fn general_is_there_from_the_first_start(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let joined = alice.ok("join", json!({"room": "general"})).await;
        assert_eq!(joined["card"]["kind"], "public");
        assert_eq!(joined["card"]["role"], "member");
    }
}
