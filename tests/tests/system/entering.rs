//! `hello`: names, tokens, tabs.

use serde_json::json;
use std::time::Duration;
use tests::on_both;

on_both! {
    async fn a_guest_is_told_all_the_protocol_promises(store: Store) {
        let server = store.server().await;
        let mut alice = server.connect().await;
        let hello = alice.hello(json!({"guest": "alice"})).await.unwrap();
        assert_eq!(hello["user"]["name"], "alice");
        assert_eq!(hello["user"]["guest"], true);
        assert_eq!(hello["resumed"], false);
        assert_eq!(hello["rooms"], json!({}));
        assert_eq!(hello["durability"], "power");
        assert_eq!(hello["ping_s"], 25);
        let limits = &hello["limits"];
        assert_eq!(limits["frame_bytes"], 65_536);
        assert_eq!(limits["body_chars"], 4_000);
        assert_eq!(limits["body_bytes"], 16_384);
        assert_eq!(limits["page_max"], 200);
        assert_eq!(limits["rooms_max"], 128);
        let token = hello["token"].as_str().unwrap();
        assert!(token.len() >= 43, "256 bits are at least 43 characters of base64");
    }

    async fn a_connected_guest_keeps_its_name_and_a_free_one_is_suggested(store: Store) {
        let server = store.server().await;
        let _alice = server.guest("alice").await;
        let mut other = server.connect().await;
        let refusal = other.hello(json!({"guest": "alice"})).await.unwrap_err();
        assert_eq!(refusal, "name_taken");
        assert_eq!(refusal.all["suggest"], "alice-2");
        let hello = other.hello(json!({"guest": "alice-2"})).await.unwrap();
        assert_eq!(hello["user"]["name"], "alice-2");
    }

    async fn names_that_look_alike_are_one(store: Store) {
        let server = store.server().await;
        let _alice = server.guest("alice").await;
        server.register("robert").await;
        for name in ["alice", "Alice", "ALICE", "\u{430}lice", "robert", "Robert", "r\u{43e}bert"] {
            let refusal = server.connect().await.hello(json!({"guest": name})).await.unwrap_err();
            assert_eq!(refusal, "name_taken", "{name}");
        }
        let alike = json!({"name": "\u{430}lice", "password": "long enough"});
        let _ = server.api().post("/api/v1/register", &alike).await.refused("name_taken");
    }

    async fn a_token_is_the_same_for_the_life_of_its_session(store: Store) {
        let server = store.server().await;
        let alice = server.guest("alice").await;
        let again = server.hello(json!({"token": alice.token(), "tab": "b"})).await;
        assert_eq!(again.token(), alice.token());
        assert_eq!(again.id(), alice.id());
        assert_eq!(again.greeting()["session"], alice.greeting()["session"]);
        assert_eq!(again.greeting()["resumed"], true);
    }

    async fn an_unknown_token_is_refused_and_the_connection_closed(store: Store) {
        let server = store.server().await;
        let mut client = server.connect().await;
        let token = "A".repeat(43);
        assert_eq!(client.hello(json!({"token": token})).await.unwrap_err(), "bad_credentials");
        assert_eq!(client.closed().await.code, Some(4502));
    }

    async fn any_other_refused_hello_leaves_the_connection_for_another_try(store: Store) {
        let server = store.server().await;
        let _alice = server.guest("alice").await;
        let mut client = server.connect().await;
        client.refused("hello", json!({"guest": "alice"}), "name_taken").await;
        client.refused("hello", json!({"guest": ""}), "bad_request").await;
        client.refused("hello", json!({"jwt": "a.b.c"}), "bad_credentials").await;
        client.hello(json!({"guest": "bob"})).await.unwrap();
    }

    async fn hello_wants_exactly_one_proof(store: Store) {
        let server = store.server().await;
        let alice = server.guest("alice").await;
        let mut client = server.connect().await;
        client.refused("hello", json!({}), "bad_request").await;
        let two = json!({"guest": "bob", "token": alice.token()});
        client.refused("hello", two, "bad_request").await;
        client.refused("hello", json!({"guest": "bob", "tab": "t".repeat(33)}), "bad_request").await;
    }

    async fn cursors_want_an_epoch_unless_there_are_none(store: Store) {
        let server = store.server().await;
        let mut alice = server.connect().await;
        let refusal = alice
            .refused("hello", json!({"guest": "alice", "cursors": {"general": 1}}), "bad_request")
            .await;
        assert_eq!(refusal.all["field"], "epoch");
        let hello = json!({"guest": "alice", "cursors": null});
        let hello = alice.hello(hello).await.unwrap();
        let d = json!({"token": hello["token"], "cursors": {}});
        server.connect().await.hello(d).await.unwrap();
    }

    async fn the_newer_of_two_connections_of_one_tab_wins(store: Store) {
        let server = store.server().await;
        let mut older = server.guest("alice").await;
        let mut newer = server.connect().await;
        newer.hello(json!({"token": older.token()})).await.unwrap();
        // The server sent its close before the newer connection's reply, so it has arrived.
        let closed = older.closed_within(Duration::from_secs(1)).await;
        assert_eq!(closed.code, Some(4503));
        newer.ok("ping", json!({})).await;
    }

    async fn tabs_of_one_session_live_side_by_side(store: Store) {
        let server = store.server().await;
        let mut one = server.account("alice").await;
        one.open("tabs").await;
        let mut two = server.tab(&one, "two").await;
        two.ok("join", json!({"room": "tabs"})).await;
        let ack = one.say("tabs", "to both").await;
        for client in [&mut one, &mut two] {
            let entry = client.entry("tabs", "message").await;
            assert_eq!(entry["seq"], ack["seq"]);
        }
        assert!(!one.has_ended());
    }

    async fn a_session_has_at_most_eight_tabs(store: Store) {
        let server = store.server().await;
        let mut first = server.guest("alice").await;
        let mut tabs = Vec::new();
        for number in 1..8 {
            tabs.push(server.tab(&first, &format!("tab-{number}")).await);
        }
        let mut ninth = server.connect().await;
        let command = ninth.post("hello", json!({"token": first.token(), "tab": "tab-8"})).await;
        match ninth.reply_or_close(command).await {
            Ok(answer) => assert_eq!(answer.unwrap_err(), "limit_reached"),
            Err(closed) => assert_eq!(closed.code, Some(4505)),
        }
        first.ok("ping", json!({})).await;
        // A known tab takes over; it does not count twice.
        server.tab(&first, "tab-3").await;
    }

    async fn the_name_of_a_guest_in_no_room_is_free_when_it_has_gone(store: Store) {
        let server = store.server().await;
        server.guest("alice").await.close(1000).await;
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        while server.connect().await.hello(json!({"guest": "alice"})).await.is_err() {
            assert!(tokio::time::Instant::now() < end, "the name came free");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn a_guest_who_is_a_member_keeps_name_and_session_while_away(store: Store) {
        let server = store.server().await;
        let mut alice = server.guest("alice").await;
        alice.ok("join", json!({"room": "general"})).await;
        let resume = alice.resume();
        alice.close(1000).await;
        let mut other = server.connect().await;
        assert_eq!(other.hello(json!({"guest": "alice"})).await.unwrap_err(), "name_taken");
        let back = server.hello(resume).await;
        assert_eq!(back.greeting()["resumed"], true);
        assert_eq!(back.user()["name"], "alice");
    }

    async fn only_hello_ping_and_a_look_at_a_link_come_before_hello(store: Store) {
        let server = store.server().await;
        let mut client = server.connect().await;
        let open = ["hello", "ping", "link.info"];
        let all = tests::contract().ops.iter();
        for op in all.filter(|op| !open.contains(&op.as_str())) {
            client.refused(op, json!({"room": "general"}), "unauthenticated").await;
        }
        client.refused("link.info", json!({"code": "none"}), "no_such_link").await;
        client.ok("ping", json!({})).await;
        client.refused("no.such.op", json!({}), "unknown_op").await;
    }

    async fn a_connection_without_hello_is_closed_after_ten_seconds(store: Store) {
        let server = store.server().await;
        let mut client = server.connect().await;
        let before = tokio::time::Instant::now();
        assert_eq!(client.closed().await.code, Some(4501));
        assert!(before.elapsed() >= Duration::from_secs(9));
    }
}
