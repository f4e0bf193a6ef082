//! Socket.IO clients come back and miss nothing: after a cut, and after the server was killed.

use serde_json::json;
use tests::{ClientEnd, EngineMode, Plan, SocketIoClient, kills_of_socketio, on_both};

const KILLS: Plan = Plan {
    clients: 6,
    rooms: 2,
    window: 4,
    kills: 2,
    alive_ms: 800,
};

on_both! {
    async fn a_client_that_was_cut_or_whose_server_was_killed_misses_nothing(store: Store) {
        let server = store.server().await;
        let mut native = server.account("native").await;
        native.open("lounge").await;
        native.open("attic").await;
        let mut clients = Vec::new();
        for (number, mode) in EngineMode::ALL.into_iter().enumerate() {
            let mut guest = SocketIoClient::guest(&server, mode, &format!("guest{number}")).await;
            guest.ok("join", json!({"room": "lounge"})).await;
            guest.ok("join", json!({"room": "attic"})).await;
            // One that authenticates after CONNECT has its token in the offset.
            let mut late = SocketIoClient::connect(&server, mode, json!({})).await.unwrap();
            late.ask("authenticate", json!({"username": format!("late{number}")})).await;
            late.ok("join", json!({"room": "lounge"})).await;
            late.ok("join", json!({"room": "attic"})).await;
            clients.push(guest);
            clients.push(late);
        }
        for is_killed in [false, true] {
            let first = native.say("lounge", "heard by all").await["seq"].as_i64().unwrap();
            for client in &mut clients {
                client.reach("lounge", first).await.unwrap();
                client.cut();
            }
            for number in 0..20 {
                native.say("lounge", &format!("missed {number}")).await;
                native.say("attic", &format!("missed {number}")).await;
            }
            if is_killed {
                server.crash().await;
                native = server.resume(&native).await;
            }
            let last = native.say("lounge", "the last").await["seq"].as_i64().unwrap();
            let attic = native.say("attic", "the last").await["seq"].as_i64().unwrap();
            for client in &mut clients {
                client.come_back(server.address()).await.unwrap();
                assert!(client.recovered, "killed: {is_killed}");
                // The client checks that each entry comes once and in order.
                client.reach("lounge", last).await.unwrap();
                client.reach("attic", attic).await.unwrap();
                client.next("resumed").await;
            }
        }
        let recovered = server.scrape().await.sum("parlor_socketio_recovered_total", &[]);
        assert_eq!(recovered.to_string(), clients.len().to_string(), "since the kill");
    }

    async fn an_entry_that_was_heard_in_part_is_completed(store: Store) {
        let server = store.server().await;
        let mut native = server.account("native").await;
        native.open("lounge").await;
        let mut client = SocketIoClient::guest(&server, EngineMode::WebSocket, "guest").await;
        client.ok("join", json!({"room": "lounge"})).await;
        let before = client.place().1;
        let seq = native.say("lounge", "once").await["seq"].as_i64().unwrap();
        let mut offsets = vec![before];
        for event in ["entry", "new_message", "message"] {
            client.next(event).await;
            offsets.push(client.place().1);
        }
        for (heard, offset) in offsets.iter().enumerate() {
            client.cut();
            client.rewind(offset, "lounge", seq - i64::from(heard == 0));
            client.come_back(server.address()).await.unwrap();
            assert!(client.recovered);
            client.ok("ping", json!({})).await;
            let mut again: Vec<_> = client.heard().into_iter().map(|(event, _)| event).collect();
            while again.last().is_none_or(|event| event != "resumed") {
                client.ok("ping", json!({})).await;
                again.extend(client.heard().into_iter().map(|(event, _)| event));
            }
            again.retain(|event| event != "hello" && event != "resumed");
            assert_eq!(again, ["entry", "new_message", "message"][heard..], "after {heard} events");
        }
    }

    async fn what_is_too_much_to_replay_comes_as_history(store: Store) {
        let server = store.server().await;
        let mut native = server.account("native").await;
        native.open("lounge").await;
        let mut client = SocketIoClient::guest(&server, EngineMode::Polling, "guest").await;
        client.ok("join", json!({"room": "lounge"})).await;
        client.heard();
        client.cut();
        let mut commands = Vec::new();
        for number in 0..1_100 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
            commands.push(native.post("send", send).await);
            if commands.len() == 100 {
                for command in commands.drain(..) {
                    native.reply(command).await.unwrap();
                }
            }
        }
        let (pid, _) = client.place();
        client.come_back(server.address()).await.unwrap();
        assert!(!client.recovered && client.place().0 != pid);
        let history = client.next("message_history").await;
        let messages = history["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 50);
        assert_eq!(messages[49]["cid"], "c1099");
        let last = native.say("lounge", "and on").await["seq"].as_i64().unwrap();
        client.reach("lounge", last).await.unwrap();
        client.cut();
        client.come_back(server.address()).await.unwrap();
        assert!(client.recovered, "from there on");
    }

    async fn a_place_gives_no_rights(store: Store) {
        let server = store.server().await;
        let mut owner = server.account("owner").await;
        let den = owner.ok("room.create", json!({"name": "den", "kind": "private"})).await;
        let den = den["card"]["room"].as_str().unwrap().to_owned();
        owner.say(&den, "secret").await;
        let auth = json!({"token": owner.token()});
        let mut insider = SocketIoClient::connect(&server, EngineMode::WebSocket, auth).await.unwrap();
        insider.ok("join", json!({"room": den})).await;
        let (insiders_pid, offset) = insider.place();
        // The owner's offset in the hands of a guest: rooms are judged by membership.
        let mut guest = SocketIoClient::guest(&server, EngineMode::WebSocket, "guest").await;
        guest.ok("join", json!({"room": "general"})).await;
        guest.rewind(&offset, "general", 0);
        guest.cut();
        guest.come_back(server.address()).await.unwrap();
        guest.next("resumed").await;
        assert_eq!(guest.entry(&den), 0);
        let read = guest.ask("log", json!({"room": den, "after": 0})).await;
        assert_eq!(read["err"]["name"], "no_such_room");
        // Nonsense in their place is as none.
        let text = "x".repeat(20_000);
        let nonsense = [("", ""), ("s.x.y.z.0.", "AA"), ("m.AA.x.0", "~~"), (&text, &text)];
        for (number, (pid, offset)) in nonsense.into_iter().enumerate() {
            let auth = json!({"guest": format!("another{number}"), "pid": pid, "offset": offset});
            let client = SocketIoClient::connect(&server, EngineMode::WebSocket, auth).await.unwrap();
            drop(client);
        }
        // A page on which somebody else signs in does not go on as the one before.
        let auth = json!({"guest": "somebody", "pid": insiders_pid, "offset": offset});
        let mut somebody = SocketIoClient::connect(&server, EngineMode::WebSocket, auth).await.unwrap();
        assert_eq!(somebody.next("hello").await["user"]["name"], "somebody");
        // After a logout the pid opens nothing.
        let stale = json!({"pid": insiders_pid, "offset": offset, "token": owner.token()});
        insider.ask("logout", json!({})).await;
        let refused = SocketIoClient::connect(&server, EngineMode::WebSocket, stale).await.unwrap_err();
        let ClientEnd::Refused(error) = refused else { panic!("{refused:?}") };
        assert_eq!(error["data"]["name"], "bad_credentials");
    }

    async fn kills_under_load_lose_double_and_skip_nothing(store: Store) {
        let figures = kills_of_socketio(&store, KILLS).await;
        println!("{:?}: {figures}", store.kind());
        figures.kept_its_word();
        assert!(figures.sent > 20 && figures.native.sent > 200, "a load worth the name: {figures}");
    }
}
