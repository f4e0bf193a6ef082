//! A server stops and starts again.

use http::StatusCode;
use serde_json::json;
use std::time::Duration;
use tests::{Client, Server, on_both};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

on_both! {
    async fn a_stop_says_bye_and_loses_nothing(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let mut commands = Vec::new();
        for number in 0..100 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
            commands.push((send.clone(), alice.post("send", send).await));
        }
        server.signal("TERM");
        let mut acked = Vec::new();
        let mut open = Vec::new();
        for (send, command) in commands {
            match alice.reply_or_close(command).await {
                Ok(Ok(ack)) => acked.push((send, ack["seq"].clone())),
                Ok(Err(refusal)) => {
                    assert_eq!(refusal.all["retryable"], true, "{}", refusal.all);
                    open.push(send);
                }
                Err(_) => open.push(send),
            }
        }
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.closed().await.code, Some(1012));
            client.push("bye", "").await;
        }
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        for (send, seq) in acked {
            let again = alice.ok("send", send).await;
            assert_eq!((&again["dup"], &again["seq"]), (&json!(true), &seq));
        }
        for send in open {
            alice.ok("send", send).await;
        }
        let mut bob = server.resume(&bob).await;
        bob.reach("lounge", 102).await;
        assert_eq!(alice.ok("log", json!({"room": "lounge", "after": 102})).await["head"], 102);
    }

    async fn an_idle_server_stops_at_once(store: Store) {
        let server = store.server().await;
        let (_alice, _bob) = lounge(&server).await;
        let before = tokio::time::Instant::now();
        assert_eq!(server.stop().await.code, Some(0));
        assert!(before.elapsed() < Duration::from_secs(6), "{:?}", before.elapsed());
    }

    async fn a_socket_that_takes_nothing_does_not_hold_up_the_stop(store: Store) {
        let server = store.server().await;
        let (mut alice, _stuck) = lounge(&server).await;
        for number in 0..60 {
            let body = "x".repeat(4_000);
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": body});
            alice.ok("send", send).await;
        }
        let before = tokio::time::Instant::now();
        server.signal("TERM");
        server.ended().await;
        assert!(before.elapsed() < Duration::from_secs(11), "{:?}", before.elapsed());
    }

    async fn a_second_signal_stops_at_once(store: Store) {
        let server = store.server().await;
        let (_alice, _bob) = lounge(&server).await;
        server.signal("TERM");
        server.signal("TERM");
        server.ended().await;
        server.start_again().await;
    }

    async fn health_says_ok(store: Store) {
        let server = store.server().await;
        let health = server.api().get("/health").await;
        assert_eq!((health.status, &health.body[..]), (StatusCode::OK, &b"ok"[..]));
        let operator = server.operator();
        assert_eq!(operator.get("/health").await.ok()["status"], "ok");
        assert!(operator.get("/health").await.ok()["databases"]["core"].is_object());
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(operator.get(path).await.status, StatusCode::OK, "{path}");
        }
        let pool = operator.get("/health/db-pool").await.ok();
        assert_eq!(pool["healthy"], true);
        for field in ["total", "idle", "in_use", "waiting", "max", "healthy"] {
            assert!(!pool["databases"]["core"][field].is_null(), "{field} in {pool}");
        }
        for path in ["/health/databases", "/health/tasks", "/health/bus"] {
            let _ = operator.get(path).await.ok();
        }
    }

    async fn the_operators_pages_are_not_on_the_main_listener(store: Store) {
        let server = store.server().await;
        for path in ["/metrics", "/health/tasks", "/health/bus", "/health/db-pool"] {
            assert_eq!(server.api().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn the_same_data_survives_ten_crashes(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        for number in 0..10 {
            let ack = alice.say("lounge", &format!("message {number}")).await;
            assert_eq!(ack["seq"], number + 3);
            server.crash().await;
            alice = server.resume(&alice).await;
            assert_eq!(alice.greeting()["resumed"], true);
        }
        alice.reach("lounge", 12).await;
    }
}
