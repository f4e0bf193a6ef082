//! Ordering guarantees.

use serde_json::json;
use tests::on_both;

on_both! {
    async fn sends_pipelined_on_one_connection_keep_their_order(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut commands = Vec::new();
        for number in 0..200 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
            commands.push(alice.post("send", send).await);
        }
        let mut last = 1;
        for command in commands {
            let seq = alice.reply(command).await.unwrap()["seq"].as_i64().unwrap();
            assert_eq!(seq, last + 1, "nobody else is there to come between");
            last = seq;
        }
    }

    async fn commands_of_one_room_take_effect_in_the_order_sent(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.ok("room.create", json!({"name": "lounge", "kind": "public"})).await;
        let mut bob = server.guest("bob").await;
        let room = json!({"room": "lounge"});
        let send = |cid: &str| json!({"room": "lounge", "cid": cid, "body": cid});
        let early = bob.post("send", send("early")).await;
        let join = bob.post("join", room.clone()).await;
        let said = bob.post("send", send("said")).await;
        let edit = bob.post("edit", json!({"room": "lounge", "target": 3, "body": "edited"})).await;
        let read = bob.post("log", json!({"room": "lounge", "after": 0})).await;
        let history = bob.post("history", room.clone()).await;
        let mark = bob.post("read", json!({"room": "lounge", "seq": 99})).await;
        let leave = bob.post("leave", room.clone()).await;
        let late = bob.post("send", send("late")).await;
        let again = bob.post("join", room).await;
        assert_eq!(bob.reply(early).await.unwrap_err(), "not_member");
        assert_eq!(bob.reply(join).await.unwrap()["head"], 2);
        assert_eq!(bob.reply(said).await.unwrap()["seq"], 3);
        assert_eq!(bob.reply(edit).await.unwrap()["seq"], 4);
        assert_eq!(bob.reply(read).await.unwrap()["head"], 4);
        let history = bob.reply(history).await.unwrap();
        assert_eq!(history["messages"][0]["body"], "edited");
        assert_eq!(bob.reply(mark).await.unwrap()["seq"], 4);
        assert_eq!(bob.reply(leave).await.unwrap()["seq"], 5);
        assert_eq!(bob.reply(late).await.unwrap_err(), "not_member");
        assert_eq!(bob.reply(again).await.unwrap()["head"], 6);
    }

    async fn an_ack_orders_what_is_sent_after_it_anywhere(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let mut last = 0;
        for number in 0..30 {
            let speaker = if number % 2 == 0 { &mut alice } else { &mut bob };
            let seq = speaker.say("lounge", "x").await["seq"].as_i64().unwrap();
            assert!(seq > last);
            last = seq;
        }
    }

    async fn many_speakers_are_heard_in_one_order_by_all(store: Store) {
        let server = store.server().await;
        let mut people = Vec::new();
        let mut first = server.account("first").await;
        first.open("lounge").await;
        people.push(first);
        for number in 0..7 {
            let mut guest = server.guest(&format!("guest{number}")).await;
            guest.ok("join", json!({"room": "lounge"})).await;
            people.push(guest);
        }
        let mut commands = Vec::new();
        for round in 0..25 {
            for (person, client) in people.iter_mut().enumerate() {
                let send = json!({"room": "lounge", "cid": format!("{round}"), "body": "x"});
                commands.push((person, client.post("send", send).await));
            }
        }
        let mut head = 0;
        for (person, command) in commands {
            let ack = people[person].reply(command).await.unwrap();
            head = head.max(ack["seq"].as_i64().unwrap());
        }
        // The harness checks that all clients saw the same entry at each `seq`, and that each
        // client received every entry once and in order.
        for client in &mut people {
            client.reach("lounge", head).await;
        }
        assert_eq!(head, 8 + 8 * 25);
    }

    async fn a_message_follows_the_reply_to_join_without_hole_or_repeat(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut commands = Vec::new();
        let mut guests = Vec::new();
        for number in 0..10 {
            for part in 0..10 {
                let cid = format!("{number}-{part}");
                let send = json!({"room": "lounge", "cid": cid, "body": "x"});
                commands.push(alice.post("send", send).await);
            }
            let mut guest = server.guest(&format!("guest{number}")).await;
            guest.ok("join", json!({"room": "lounge", "limit": 1})).await;
            guests.push(guest);
        }
        for command in commands {
            alice.reply(command).await.unwrap();
        }
        let head = alice.say("lounge", "the last").await["seq"].as_i64().unwrap();
        for guest in &mut guests {
            guest.reach("lounge", head).await;
        }
    }

    async fn the_id_of_an_unanswered_command_is_not_free(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        // Ids may be anything up to 2^53 - 1, and may be reused once answered.
        for id in [0, 9_007_199_254_740_991_u64, 0] {
            alice.expects(id, "ping", json!({}));
            alice.text(&json!({"id": id, "op": "ping", "d": {}}).to_string()).await;
            alice.reply(id).await.unwrap();
        }
    }
}
