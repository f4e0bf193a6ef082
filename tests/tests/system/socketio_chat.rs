//! Socket.IO clients chat, in each transport and under the names that other Socket.IO servers use.

use serde_json::{Value, json};
use tests::{ClientEnd, EngineMode, SocketIoClient, on_both};

on_both! {
    async fn a_socketio_client_and_a_native_one_hear_one_order(store: Store) {
        let server = store.server().await;
        let mut native = server.account("native").await;
        native.open("lounge").await;
        for (number, mode) in EngineMode::ALL.into_iter().enumerate() {
            let name = format!("guest{number}");
            let mut client = SocketIoClient::guest(&server, mode, &name).await;
            let joined = client.ok("join", json!({"room": "lounge"})).await;
            assert_eq!(joined["card"]["room"], "lounge", "{mode:?}");
            for round in 0..5 {
                let d = json!({"room": "lounge", "cid": format!("c{round}"), "body": "from a socket"});
                client.ok("send", d).await;
                native.say("lounge", "from a native").await;
            }
            let repeat = json!({"room": "lounge", "cid": "c0", "body": "from a socket"});
            assert_eq!(client.ok("send", repeat).await["dup"], true, "{mode:?}");
            let last = native.say("lounge", "the last").await["seq"].as_i64().unwrap();
            // Both check that each entry comes once and in order, and all compare what they saw.
            client.reach("lounge", last).await.unwrap();
            native.reach("lounge", last).await;
            assert!(client.ok("ping", json!({})).await["time"].is_string());
            let unknown = client.ask("no_such_op", json!({})).await;
            assert_eq!(unknown["err"]["name"], "unknown_op", "{mode:?}");
        }
    }

    async fn a_front_end_of_another_server_finds_its_names(store: Store) {
        let server = store.server().await;
        let mut native = server.account("native").await;
        native.open("lounge").await;
        native.say("lounge", "before").await;
        let mut client = SocketIoClient::connect(&server, EngineMode::Polling, json!({})).await.unwrap();
        let early = client.ask("send_message", json!({"room": "lounge", "content": "x"})).await;
        assert_eq!(early["err"]["name"], "unauthenticated");
        let signed_in = client.ask("authenticate", json!({"username": "testuser"})).await;
        assert_eq!(signed_in["username"], "testuser");
        assert!(signed_in["userId"].is_string(), "{signed_in}");
        client.emit("join_room", &json!("lounge")).await.unwrap();
        let history = client.next("message_history").await;
        let said: Vec<_> = history["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
        assert_eq!((&history["room"], said), (&json!("lounge"), vec![&json!("before")]));
        let sent = client.ask("send_message", json!({"room": "lounge", "message": "hello"})).await;
        assert_eq!((&sent["status"], &sent["dup"]), (&json!("sent"), &json!(false)));
        for name in ["new_message", "message"] {
            let message = client.next(name).await;
            assert_eq!((&message["username"], &message["content"]), (&json!("testuser"), &json!("hello")));
            assert_eq!(message["seq"], sent["seq"]);
        }
        let mut other = SocketIoClient::guest(&server, EngineMode::WebSocket, "other").await;
        other.ok("join_room", json!({"room": "lounge"})).await;
        assert_eq!(client.next("user_joined").await["username"], "other");
        other.emit("typing", &json!({"room": "lounge", "isTyping": true})).await.unwrap();
        let typing = client.next("typing").await;
        assert_eq!((&typing["username"], &typing["isTyping"]), (&json!("other"), &json!(true)));
        other.ask("leave_room", json!("lounge")).await;
        assert_eq!(client.next("user_left").await["username"], "other");
        client.emit("send_message", &json!({"room": "nowhere", "content": "x"})).await.unwrap();
        assert_eq!(client.next("error").await["name"], "no_such_room");
        let refused = client.ask("send_message", json!({"room": "nowhere", "content": "x"})).await;
        assert_eq!((&refused["status"], &refused["err"]["name"]), (&json!("error"), &json!("no_such_room")));
        // A page authenticates whenever it connects.
        let again = client.ask("authenticate", json!({"username": "TestUser"})).await;
        assert_eq!(again["username"], "testuser");
        let other = client.ask("authenticate", json!({"username": "somebody"})).await;
        assert_eq!(other["err"]["field"], "username");
    }

    async fn who_is_not_let_in_hears_why(store: Store) {
        let server = store.server().await;
        let taken = server.register("taken").await;
        for mode in EngineMode::ALL {
            let refused = SocketIoClient::connect(&server, mode, json!({"guest": "taken"})).await;
            let ClientEnd::Refused(error) = refused.unwrap_err() else { panic!("{mode:?}") };
            assert_eq!(error["data"]["name"], "name_taken");
            assert_eq!(error["message"], error["data"]["message"]);
            let refused = SocketIoClient::connect(&server, mode, json!({"token": "wrong"})).await;
            let ClientEnd::Refused(error) = refused.unwrap_err() else { panic!("{mode:?}") };
            assert_eq!(error["data"]["name"], "bad_credentials");
        }
        let mut client = SocketIoClient::connect(&server, EngineMode::WebSocket, json!({})).await.unwrap();
        for (wrong, name) in [
            (json!({"username": "taken"}), "name_taken"),
            (json!({"token": "wrong"}), "bad_credentials"),
            (json!({"jwt": "a.b.c"}), "bad_credentials"),
            (json!({}), "bad_request"),
            (json!("taken"), "bad_request"),
        ] {
            assert_eq!(client.ask("authenticate", wrong.clone()).await["err"]["name"], name, "{wrong}");
        }
        let signed_in = client.ask("authenticate", json!({"token": taken})).await;
        assert_eq!(signed_in["username"], "taken");
    }

    async fn only_who_is_sent_away_is_disconnected(store: Store) {
        let server = store.server().await;
        let mut owner = server.account("owner").await;
        owner.open("lounge").await;
        let token = server.register("alice").await;
        for (number, mode) in EngineMode::ALL.into_iter().enumerate() {
            let mut guest = SocketIoClient::guest(&server, mode, &format!("guest{number}")).await;
            guest.ok("join", json!({"room": "lounge"})).await;
            let kick = json!({"room": "lounge", "user": format!("@guest{number}"), "reason": "enough"});
            owner.ok("kick", kick).await;
            assert_eq!(guest.next("user_left").await["reason"], "enough");
            assert_eq!(guest.next("gone").await["why"], "kicked");
            let gone = guest.ask("send", json!({"room": "lounge", "cid": "1", "body": "x"})).await;
            assert_eq!(gone["err"]["name"], "not_member", "and stays connected");
            let login = json!({"name": "alice", "password": "the password of alice"});
            let login = server.api().post("/api/v1/login", &login).await.ok();
            let auth = json!({"token": login["token"]});
            let mut alice = SocketIoClient::connect(&server, mode, auth).await.unwrap();
            let hello = alice.next("hello").await;
            let revoke = json!({"session": hello["session"]});
            server.hello(json!({"token": token})).await.ok("session.revoke", revoke).await;
            assert_eq!(alice.ended().await, ClientEnd::Disconnected, "{mode:?}");
        }
        let mut guests = Vec::new();
        for (number, mode) in EngineMode::ALL.into_iter().enumerate() {
            guests.push(SocketIoClient::guest(&server, mode, &format!("stays{number}")).await);
        }
        let stopping = async { server.stop().await };
        let hearing = async {
            for guest in &mut guests {
                let end = guest.ended().await;
                assert!(matches!(end, ClientEnd::Engine(_)), "a stock client comes back: {end:?}");
            }
        };
        let (exit, ()) = tokio::join!(stopping, hearing);
        assert_eq!(exit.code, Some(0));
    }

    async fn the_door_can_be_shut(store: Store) {
        let settings = tests::Settings::default().with("PARLOR_SOCKETIO", "off");
        let server = store.serve(settings).await;
        let answer = server.api().get("/socket.io/?EIO=4&transport=polling").await;
        assert_eq!(answer.status.as_u16(), 404);
        let health = server.operator().get("/health").await.json();
        assert_eq!(health["socketio"], Value::Null);
    }
}
