//! Every command may be retried.

use serde_json::{Value, json};
use tests::{Client, Server, on_both};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

async fn head(client: &mut Client, room: &str) -> Value {
    client
        .ok("log", json!({"room": room, "after": 0, "limit": 1}))
        .await["head"]
        .clone()
}

/// Sends the command twice: the second reply is a `dup` with the `seq` of the first, and writes
/// nothing.
async fn twice(client: &mut Client, op: &str, d: Value) {
    let room = d["room"].as_str().unwrap().to_owned();
    let first = client.ok(op, d.clone()).await;
    assert_eq!(first["dup"], false, "{op} {first}");
    let before = head(client, &room).await;
    let second = client.ok(op, d).await;
    assert_eq!(second["dup"], true, "{op} {second}");
    assert_eq!(second["seq"], first["seq"], "{op}");
    assert_eq!(head(client, &room).await, before, "{op} wrote an entry");
}

on_both! {
    async fn a_send_is_told_by_its_cid(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        let send = json!({"room": "lounge", "cid": "once", "body": "said once"});
        let first = alice.ok("send", send.clone()).await;
        let second = alice.ok("send", send.clone()).await;
        assert_eq!(second["dup"], true);
        for field in ["id", "seq", "at"] {
            assert_eq!(second[field], first[field]);
        }
        alice.ok("edit", json!({"room": "lounge", "target": first["seq"], "body": "edited"})).await;
        assert_eq!(alice.ok("send", send.clone()).await["seq"], first["seq"]);
        alice.ok("delete", json!({"room": "lounge", "target": first["seq"]})).await;
        let after = alice.ok("send", send).await;
        assert_eq!((&after["dup"], &after["seq"]), (&json!(true), &first["seq"]));
    }

    async fn repeats_in_one_burst_are_one_message(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let send = json!({"room": "lounge", "cid": "once", "body": "said once"});
        let mut tab = server.tab(&alice, "tab").await;
        let mut commands = Vec::new();
        for _ in 0..10 {
            commands.push((alice.post("send", send.clone()).await, tab.post("send", send.clone()).await));
        }
        let mut fresh = 0;
        let mut seqs = Vec::new();
        for (one, other) in commands {
            for ack in [alice.reply(one).await.unwrap(), tab.reply(other).await.unwrap()] {
                fresh += usize::from(ack["dup"] == false);
                seqs.push(ack["seq"].as_i64().unwrap());
            }
        }
        seqs.dedup();
        assert_eq!((fresh, seqs.len()), (1, 1));
        bob.settle().await;
        assert_eq!(bob.pushed("entry", "lounge").len(), 1);
    }

    async fn a_send_is_repeated_on_another_connection_after_a_crash(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        let send = json!({"room": "lounge", "cid": "once", "body": "said once"});
        let first = alice.ok("send", send.clone()).await;
        server.crash().await;
        let mut alice = server.resume(&alice).await;
        let second = alice.ok("send", send).await;
        assert_eq!((&second["dup"], &second["seq"]), (&json!(true), &first["seq"]));
    }

    async fn edit_delete_and_react_name_a_state(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "tea").await["seq"].clone();
        twice(&mut alice, "edit", json!({"room": "lounge", "target": seq, "body": "coffee"})).await;
        for on in [true, false] {
            let react = json!({"room": "lounge", "target": seq, "emoji": "☕", "on": on});
            twice(&mut bob, "react", react).await;
        }
        twice(&mut alice, "delete", json!({"room": "lounge", "target": seq})).await;
    }

    async fn what_already_holds_without_an_entry_has_the_seq_0(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "tea").await["seq"].clone();
        let edit = json!({"room": "lounge", "target": seq, "body": "tea"});
        let same = alice.ok("edit", edit).await;
        assert_eq!(same["dup"], true, "it says so already");
        let react = json!({"room": "lounge", "target": seq, "emoji": "☕", "on": false});
        assert_eq!(bob.ok("react", react).await, json!({"seq": 0, "dup": true}));
        let unban = json!({"room": "lounge", "user": bob.id()});
        assert_eq!(alice.ok("unban", unban).await, json!({"seq": 0, "dup": true}));
        let unmute = json!({"room": "lounge", "user": bob.id(), "until_ms": 0});
        assert_eq!(alice.ok("mute", unmute).await, json!({"seq": 0, "dup": true}));
    }

    async fn moderation_names_a_state(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let about = json!({"room": "lounge", "user": bob.id()});
        let mut mute = about.clone();
        mute["until_ms"] = json!(4_000_000_000_000_u64);
        twice(&mut alice, "mute", mute.clone()).await;
        mute["until_ms"] = json!(0);
        twice(&mut alice, "mute", mute).await;
        let mut role = about.clone();
        for given in ["moderator", "member"] {
            role["role"] = json!(given);
            twice(&mut alice, "role", role.clone()).await;
        }
        twice(&mut alice, "kick", about.clone()).await;
        twice(&mut alice, "invite", about.clone()).await;
        twice(&mut alice, "ban", about.clone()).await;
        twice(&mut alice, "unban", about).await;
    }

    async fn joining_and_leaving_name_a_state(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let before = head(&mut alice, "lounge").await;
        let again = bob.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(again["head"], before, "no second joined");
        let left = bob.ok("leave", json!({"room": "lounge"})).await;
        let repeated = bob.ok("leave", json!({"room": "lounge"})).await;
        assert_eq!(repeated["seq"], left["seq"]);
        assert_eq!(head(&mut alice, "lounge").await, left["seq"]);
    }

    async fn a_room_that_is_mine_as_asked_is_made_once(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let public = json!({"name": "lounge", "kind": "public", "topic": "tea"});
        let first = alice.ok("room.create", public.clone()).await;
        let second = alice.ok("room.create", public.clone()).await;
        assert_eq!((&first["dup"], &second["dup"]), (&json!(false), &json!(true)));
        assert_eq!((&second["seq"], &second["card"]), (&first["seq"], &first["card"]));
        let other = json!({"name": "lounge", "kind": "public", "topic": "coffee"});
        alice.refused("room.create", other, "name_taken").await;
        let private = json!({"name": "Plans", "kind": "private", "cid": "plans-1"});
        let first = alice.ok("room.create", private.clone()).await;
        let second = alice.ok("room.create", private).await;
        assert_eq!(second["dup"], true);
        assert_eq!(second["card"]["room"], first["card"]["room"]);
        let update = json!({"room": "lounge", "topic": "cake"});
        twice(&mut alice, "room.update", update).await;
    }

    async fn reading_typing_and_asking_may_be_repeated(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "news").await["seq"].clone();
        let room = json!({"room": "lounge"});
        for (op, d) in [
            ("read", json!({"room": "lounge", "seq": seq})),
            ("members", room.clone()),
            ("presence", room.clone()),
            ("history", room),
            ("log", json!({"room": "lounge", "after": 0})),
            ("rooms", json!({})),
            ("typing", json!({"room": "lounge", "on": true})),
            ("typing", json!({"room": "lounge", "on": false})),
        ] {
            let first = bob.ok(op, d.clone()).await;
            assert_eq!(bob.ok(op, d).await, first, "{op}");
        }
        bob.ok("sessions", json!({})).await;
        bob.ok("ping", json!({})).await;
    }
}
