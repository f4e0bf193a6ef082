//! Sending, editing, deleting, reacting, replying and mentioning.

use serde_json::{Value, json};
use tests::{Client, Server, on_both};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

/// Returns the message from `history`.
async fn message(client: &mut Client, seq: &Value) -> Value {
    let history = client
        .ok("history", json!({"room": "lounge", "around": seq}))
        .await;
    let messages = history["messages"].as_array().unwrap();
    messages
        .iter()
        .find(|message| message["seq"] == *seq)
        .expect("it is there")
        .clone()
}

on_both! {
    async fn a_message_reaches_its_sender_and_all_others(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let send = json!({"room": "lounge", "cid": "first", "body": "hello bob"});
        let ack = alice.ok("send", send).await;
        assert_eq!(ack["dup"], false);
        for client in [&mut alice, &mut bob] {
            let entry = client.entry("lounge", "message").await;
            assert_eq!(entry["seq"], ack["seq"]);
            assert_eq!(entry["id"], ack["id"]);
            assert_eq!(entry["at"], ack["at"]);
            assert_eq!(entry["cid"], "first");
            assert_eq!(entry["body"], "hello bob");
            assert_eq!(entry["author"]["name"], "alice");
        }
    }

    async fn an_author_edits_and_all_see_it(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "helo").await["seq"].clone();
        let edit = json!({"room": "lounge", "target": seq, "body": "hello"});
        let edited = alice.ok("edit", edit).await;
        let entry = bob.entry("lounge", "edited").await;
        assert_eq!(entry["seq"], edited["seq"]);
        assert_eq!((&entry["target"], &entry["body"]), (&seq, &json!("hello")));
        let message = message(&mut bob, &seq).await;
        assert_eq!(message["body"], "hello");
        assert_eq!(message["edited_seq"], edited["seq"]);
        assert!(message["edited_at"].is_string());
        let log = bob.ok("log", json!({"room": "lounge", "after": seq.as_i64().unwrap() - 1})).await;
        assert_eq!(log["entries"][0]["body"], "helo", "the entry itself never changes");
    }

    async fn nobody_edits_what_another_said(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = bob.say("lounge", "mine").await["seq"].clone();
        let edit = json!({"room": "lounge", "target": seq, "body": "yours"});
        alice.refused("edit", edit, "forbidden").await;
    }

    async fn a_deleted_message_is_without_body_everywhere_and_for_ever(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "a secret").await["seq"].clone();
        alice.ok("edit", json!({"room": "lounge", "target": seq, "body": "the secret"})).await;
        let deleted = alice.ok("delete", json!({"room": "lounge", "target": seq})).await;
        let entry = bob.entry("lounge", "deleted").await;
        assert_eq!((&entry["seq"], &entry["target"]), (&deleted["seq"], &seq));
        let found = message(&mut bob, &seq).await;
        assert_eq!(found["deleted"], true);
        let mut carol = server.account("carol").await;
        let joined = carol.ok("join", json!({"room": "lounge", "after": 0})).await;
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        let history = bob.ok("history", json!({"room": "lounge"})).await;
        for page in [joined, log, history] {
            assert!(!page.to_string().contains("secret"), "{page}");
        }
        let edit = json!({"room": "lounge", "target": seq, "body": "again"});
        alice.refused("edit", edit, "no_such_message").await;
        server.crash().await;
        let mut bob = server.hello(json!({"token": bob.token()})).await;
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        assert!(!log.to_string().contains("secret"), "{log}");
        let mut sql = store.sql().await;
        let stored = sql.entries().await;
        assert!(stored.iter().all(|one| !format!("{:?}", one.body).contains("secret")));
    }

    async fn a_moderator_deletes_what_others_said_and_a_member_does_not(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let of_alice = alice.say("lounge", "by the owner").await["seq"].clone();
        let of_bob = bob.say("lounge", "by a member").await["seq"].clone();
        bob.refused("delete", json!({"room": "lounge", "target": of_alice}), "forbidden").await;
        alice.ok("delete", json!({"room": "lounge", "target": of_bob})).await;
        assert_eq!(message(&mut bob, &of_bob).await["deleted"], true);
    }

    async fn reactions_are_counted_by_kind(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "tea?").await["seq"].clone();
        let react = |emoji: &str, on: bool| {
            json!({"room": "lounge", "target": seq, "emoji": emoji, "on": on})
        };
        bob.ok("react", react("👍", true)).await;
        alice.ok("react", react("👍", true)).await;
        alice.ok("react", react("❤️", true)).await;
        let entry = bob.entry("lounge", "reaction").await;
        assert_eq!((&entry["target"], &entry["emoji"]), (&seq, &json!("👍")));
        assert_eq!(entry["on"], true);
        let expected = json!([
            {"emoji": "👍", "count": 2, "mine": true},
            {"emoji": "❤️", "count": 1, "mine": false},
        ]);
        assert_eq!(message(&mut bob, &seq).await["reactions"], expected);
        bob.ok("react", react("👍", false)).await;
        alice.ok("react", react("❤️", false)).await;
        let expected = json!([{"emoji": "👍", "count": 1, "mine": false}]);
        assert_eq!(message(&mut bob, &seq).await["reactions"], expected);
    }

    async fn a_reaction_is_an_emoji_and_a_message_has_20_kinds(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        let react = |emoji: &str| json!({"room": "lounge", "target": seq, "emoji": emoji, "on": true});
        for text in ["", "e", "👍👍"] {
            let refusal = alice.call("react", react(text)).await.unwrap_err();
            assert_eq!(refusal.code, 400, "{}", refusal.all);
        }
        for emoji in '😀'..='😓' {
            alice.ok("react", react(&emoji.to_string())).await;
        }
        alice.refused("react", react("👍"), "limit_reached").await;
        alice.ok("react", react("😃")).await;
    }

    async fn a_reply_names_a_message_of_its_room(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "tea?").await["seq"].clone();
        let reply = json!({"room": "lounge", "cid": "r", "body": "yes", "reply_to": seq});
        let ack = bob.ok("send", reply).await;
        alice.reach("lounge", ack["seq"].as_i64().unwrap()).await;
        let entries = alice.pushed("entry", "lounge");
        assert_eq!(entries.last().unwrap()["reply_to"], seq);
        assert_eq!(message(&mut alice, &ack["seq"]).await["reply_to"], seq);
        for nothing in [json!(999), json!(1)] {
            let reply = json!({"room": "lounge", "cid": "s", "body": "what?", "reply_to": nothing});
            bob.refused("send", reply, "no_such_message").await;
        }
    }

    async fn the_server_finds_the_members_that_are_mentioned(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        server.register("carol").await;
        let ack = alice.say("lounge", "@bob and @carol and @nobody, come").await;
        let entry = bob.entry("lounge", "message").await;
        assert_eq!(entry["mentions"], json!([bob.user()]), "carol is not a member");
        assert_eq!(message(&mut bob, &ack["seq"]).await["mentions"], json!([bob.user()]));
        let rooms = bob.ok("rooms", json!({})).await;
        let line = &rooms["rooms"][0];
        assert_eq!((&line["unread"], &line["mentions"]), (&json!(1), &json!(1)));
    }

    async fn text_is_normalised_and_otherwise_left_alone(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for (said, heard) in [
            ("e\u{301}te\u{301}", "\u{e9}t\u{e9}"),
            ("two\nlines\tand a tab", "two\nlines\tand a tab"),
            ("<script>alert('&')</script>", "<script>alert('&')</script>"),
            ("𝓪 🦀 \u{202e}rtl\u{202c}", "𝓪 🦀 \u{202e}rtl\u{202c}"),
        ] {
            alice.say("lounge", said).await;
            assert_eq!(bob.entry("lounge", "message").await["body"], heard);
        }
    }

    async fn a_body_ends_at_4000_characters(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let longest = "é".repeat(4_000);
        alice.say("lounge", &longest).await;
        assert_eq!(bob.entry("lounge", "message").await["body"], longest);
        let longer = "é".repeat(4_001);
        let send = json!({"room": "lounge", "cid": "c", "body": longer});
        alice.refused("send", send, "bad_text").await;
    }

    async fn a_cid_has_1_to_64_characters(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        for cid in [String::new(), "c".repeat(65)] {
            let send = json!({"room": "lounge", "cid": cid, "body": "x"});
            let refusal = alice.refused("send", send, "bad_request").await;
            assert_eq!(refusal.all["field"], "cid");
        }
        let send = json!({"room": "lounge", "cid": "c".repeat(64), "body": "x"});
        alice.ok("send", send).await;
    }

    async fn a_cid_is_unique_per_room_and_author(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.open("kitchen").await;
        let send = json!({"room": "lounge", "cid": "same", "body": "one"});
        let first = alice.ok("send", send.clone()).await;
        let of_bob = bob.ok("send", send).await;
        assert_ne!(first["seq"], of_bob["seq"]);
        assert_eq!(of_bob["dup"], false);
        let elsewhere = json!({"room": "kitchen", "cid": "same", "body": "two"});
        assert_eq!(alice.ok("send", elsewhere).await["dup"], false);
        let other = json!({"room": "lounge", "cid": "same", "body": "another"});
        alice.refused("send", other, "cid_conflict").await;
        let reply = json!({"room": "lounge", "cid": "same", "body": "one", "reply_to": first["seq"]});
        alice.refused("send", reply, "cid_conflict").await;
    }

    async fn what_is_not_a_message_cannot_be_edited_deleted_or_reacted_to(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        for target in [1, 999] {
            let edit = json!({"room": "lounge", "target": target, "body": "x"});
            alice.refused("edit", edit, "no_such_message").await;
            let delete = json!({"room": "lounge", "target": target});
            alice.refused("delete", delete, "no_such_message").await;
            let react = json!({"room": "lounge", "target": target, "emoji": "👍", "on": true});
            alice.refused("react", react, "no_such_message").await;
        }
    }
}
