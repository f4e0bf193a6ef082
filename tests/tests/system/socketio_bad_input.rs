//! What bad input gets at the Socket.IO door: the protocol's own error or close, and nothing left behind.

use bytes::Bytes;
use http::Method;
use serde_json::json;
use std::time::Duration;
use tests::{
    Answer, ClientEnd, Dial, EngineClient, EngineEnd, EngineMode, HttpConnection, Server, Settings,
    SocketIoClient, on_sqlite,
};

/// Settings with which clients that are gone without a word are noticed soon.
fn pinging_often() -> Settings {
    Settings::default()
        .with("PARLOR_SOCKETIO_PING_INTERVAL_MS", "1000")
        .with("PARLOR_SOCKETIO_PING_TIMEOUT_MS", "1000")
}

/// Waits until the door has no session and no client any more.
async fn nothing_left(server: &Server) {
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let health = server.operator().get("/health/socketio").await.json();
        let tasks = server
            .operator()
            .get("/health/tasks")
            .await
            .json()
            .to_string();
        let has_tasks = tasks.contains("\"session\"") || tasks.contains("local connection");
        if health["figures"] == json!({"sessions": 0, "connected": 0}) && !has_tasks {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{health} {tasks}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn post(server: &Server, path: &str, body: impl Into<Bytes>) -> Answer {
    server
        .api()
        .send(Method::POST, path, &[], body.into())
        .await
}

fn code(answer: &Answer) -> (u16, u64) {
    (
        answer.status.as_u16(),
        answer.json()["code"].as_u64().unwrap(),
    )
}

on_sqlite! {
    async fn requests_that_are_none_get_the_errors_of_engineio(store: Store) {
        let server = store.serve(pinging_often()).await;
        let api = server.api();
        for (query, expected) in [
            ("", 0), ("?transport=polling", 5), ("?EIO=3&transport=polling", 5), ("?EIO=4", 0),
            ("?EIO=4&transport=x", 0), ("?EIO=4&transport=polling&sid=unknown", 1),
            ("?EIO=4&transport=websocket&sid=unknown", 1), ("?EIO=4&transport=websocket", 3),
        ] {
            let answer = api.get(&format!("/socket.io/{query}")).await;
            assert_eq!(code(&answer), (400, expected), "{query}");
        }
        let handshake = "/socket.io/?EIO=4&transport=polling";
        assert_eq!(code(&post(&server, handshake, "40").await), (400, 2));
        let client = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let answer = api.send(Method::PUT, &client.path(), &[], Bytes::new()).await;
        assert_eq!(code(&answer), (400, 2));
        assert_eq!(code(&post(&server, &client.path(), &b"\xff"[..]).await), (400, 3));
        let upgrade = client.path().replace("polling", "websocket");
        assert_eq!(code(&api.get(&upgrade).await), (400, 3), "no WebSocket");
        let keys: Vec<_> = client.handshake.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
        assert_eq!(code(&post(&server, &client.path(), "9").await), (400, 3));
        nothing_left(&server).await;
    }

    async fn packets_that_are_none_close_the_session(store: Store) {
        let server = store.server().await;
        let deep = format!("42[\"send\",{}", "[".repeat(30_000));
        let before = [
            "", "0", "2", "2probe", "3", "5", "6", "7", "x", "49", "4", "41", "42[\"join\"]", "430[]",
            "42", "40[]", "40{", "41/admin,", "42/admin,[\"x\"]", "451-[\"x\",{}]", "bAA=", &deep,
        ];
        let after = [
            "40", "40{}", "42[]", "42{}", "42[1]", "42[\"a\"", "43", "44", "4511-[\"x\"]", "5", "3", "bAA=",
        ];
        for mode in [EngineMode::Polling, EngineMode::WebSocket] {
            for packet in before {
                let mut client = EngineClient::open(server.address(), mode).await.unwrap();
                // A refused POST says it already.
                if client.send(packet).await.is_ok() {
                    assert_eq!(client.recv().await, Err(EngineEnd::Closed), "{mode:?} {packet:.40}");
                }
            }
            for (number, packet) in after.into_iter().enumerate() {
                let name = format!("{mode:?}{number}");
                let mut client = SocketIoClient::guest(&server, mode, &name).await;
                if client.raw(packet).await.is_ok() {
                    assert_eq!(client.ended().await, ClientEnd::Engine(EngineEnd::Closed), "{packet}");
                }
            }
        }
        nothing_left(&server).await;
    }

    async fn other_namespaces_and_binary_are_refused_and_the_chat_goes_on(store: Store) {
        let server = store.serve(pinging_often()).await;
        for mode in [EngineMode::Polling, EngineMode::WebSocket] {
            let mut engine = EngineClient::open(server.address(), mode).await.unwrap();
            for namespace in ["/admin", "/admin?x=1"] {
                engine.send(&format!("40{namespace},{{}}")).await.unwrap();
                let refused = engine.recv().await.unwrap();
                assert_eq!(refused, "44/admin,{\"message\":\"Invalid namespace\"}");
            }
            let mut client = SocketIoClient::guest(&server, mode, &format!("{mode:?}")).await;
            client.raw("451-[\"send\",{\"_placeholder\":true,\"num\":0}]").await.unwrap();
            client.raw("bAAEC").await.unwrap_or_default();
            if mode == EngineMode::Polling {
                assert_eq!(client.next("error").await["name"], "bad_request");
            }
            // An acknowledgement that nobody asked for.
            if mode == EngineMode::Polling {
                client.raw("437[1]").await.unwrap();
                client.ok("ping", json!({})).await;
            }
        }
        nothing_left(&server).await;
    }

    async fn two_polls_at_once_end_the_session(store: Store) {
        let server = store.server().await;
        let client = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let request = format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", client.path());
        let mut first = HttpConnection::from("127.0.0.1", server.address()).await.unwrap();
        let mut second = HttpConnection::from("127.0.0.1", server.address()).await.unwrap();
        first.write(&request).await.unwrap();
        second.write(&request).await.unwrap();
        let (first, second) = tokio::join!(first.answer(), second.answer());
        assert_eq!((first.0, second.0), (400, 400), "{first:?} {second:?}");
        let answer = server.api().get(&client.path()).await;
        assert!(answer.status == 400 || answer.body == "1", "{answer:?}");
        nothing_left(&server).await;
    }

    async fn a_stolen_sid_opens_nothing(store: Store) {
        let server = store.server().await;
        let mut client = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let get = format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", client.path());
        let mut thief = HttpConnection::from("127.0.0.2", server.address()).await.unwrap();
        let (status, body) = thief.ask(&get).await;
        assert_eq!((status, body.contains("Session ID unknown")), (400, true), "{body}");
        let upgrade = client.path().replace("polling", "websocket");
        let refused = server.dial(Dial::default().from("127.0.0.2").path(&upgrade)).await;
        assert_eq!(refused.unwrap_err().0.as_u16(), 400);
        client.send("40{\"guest\":\"alice\"}").await.unwrap();
        assert!(client.recv().await.unwrap().starts_with("40{\"pid\""), "the owner goes on");
    }

    async fn what_is_too_large_is_refused(store: Store) {
        let settings = Settings::default().with("PARLOR_SOCKETIO_MAX_PAYLOAD", "2048");
        let server = store.serve(settings).await;
        let long = format!("42[\"send\",\"{}\"]", "x".repeat(3_000));
        let client = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let answer = post(&server, &client.path(), long.clone()).await;
        assert_eq!(answer.status.as_u16(), 413);
        let client = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let answer = post(&server, &client.path(), "x".repeat(100_000)).await;
        assert_eq!(answer.status.as_u16(), 413, "more than the server reads at all");
        let mut client = SocketIoClient::guest(&server, EngineMode::WebSocket, "alice").await;
        client.raw(&long).await.unwrap();
        assert_eq!(client.ended().await, ClientEnd::Engine(EngineEnd::Closed));
    }

    async fn a_thousand_handshakes_leave_nothing_behind(store: Store) {
        let settings = Settings::default()
            .with("PARLOR_SOCKETIO_CONNECT_TIMEOUT_MS", "2000")
            .with("PARLOR_SOCKETIO_SESSIONS_PER_ADDRESS", "200");
        let server = store.serve(settings).await;
        let api = server.api();
        let mut answers = [0, 0];
        for _ in 0..1_000 {
            match api.get("/socket.io/?EIO=4&transport=polling").await.status.as_u16() {
                200 => answers[0] += 1,
                429 => answers[1] += 1,
                status => panic!("{status}"),
            }
        }
        assert!(answers[0] >= 200 && answers[1] > 0, "{answers:?}");
        nothing_left(&server).await;
        SocketIoClient::guest(&server, EngineMode::Polling, "alice").await;
    }

    async fn who_is_not_heard_any_more_is_given_up(store: Store) {
        let server = store.serve(pinging_often()).await;
        // It never polls again, or answers no ping.
        let silent = EngineClient::open(server.address(), EngineMode::Polling).await.unwrap();
        let mut deaf = EngineClient::open(server.address(), EngineMode::WebSocket).await.unwrap();
        assert_eq!(deaf.packet().await.unwrap(), "2");
        assert!(deaf.packet().await.is_err());
        let answer = server.api().get(&silent.path()).await;
        assert_eq!(code(&answer), (400, 1));
        // Who answers stays.
        for mode in EngineMode::ALL {
            let mut client = SocketIoClient::guest(&server, mode, &format!("{mode:?}")).await;
            let began = tokio::time::Instant::now();
            while began.elapsed() < Duration::from_millis(2_500) {
                // Its pongs are sent while it hears.
                let join = client.ask("join", json!({"room": "general"})).await;
                assert!(join["err"].is_null(), "{mode:?}: {join}");
                client.heard();
            }
        }
        nothing_left(&server).await;
    }

    async fn who_floods_is_sent_away_as_at_ws(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        for (mode, packet) in [
            (EngineMode::WebSocket, "437[1]"),
            (EngineMode::WebSocket, "42[\"nonsense\"]"),
            (EngineMode::WebSocket, "42[\"send\",7]"),
            (EngineMode::WebSocket, "42[\"authenticate\",{\"username\":\"x\"}]"),
            (EngineMode::WebSocket, "40/x,"),
            (EngineMode::WebSocket, "450-[\"x\"]"),
        ] {
            let name = format!("flooder{}", packet.len());
            let mut client = SocketIoClient::guest(&server, mode, &name).await;
            for _ in 0..1_000 {
                if client.raw(packet).await.is_err() {
                    break;
                }
            }
            assert_eq!(client.ended().await, ClientEnd::Disconnected, "{packet}");
        }
        // Before it has authenticated, few packets are enough.
        let mut stranger = SocketIoClient::connect(&server, EngineMode::WebSocket, json!({})).await.unwrap();
        for _ in 0..30 {
            let _ = stranger.raw("42[\"send\"]").await;
        }
        assert_eq!(stranger.ended().await, ClientEnd::Engine(EngineEnd::Closed));
        nothing_left(&server).await;
    }
}
