//! Rate limits and quotas in everyday use.

use serde_json::json;
use std::time::Duration;
use tests::{Settings, on_both};

on_both! {
    async fn sends_beyond_the_rate_are_refused_and_come_through_later(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let send = |number: usize| json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
        let mut commands = Vec::new();
        for number in 0..60 {
            commands.push(alice.post("send", send(number)).await);
        }
        let mut refused = Vec::new();
        for (number, command) in commands.into_iter().enumerate() {
            if let Err(refusal) = alice.reply(command).await {
                assert_eq!(refusal, "rate_limited");
                refused.push((number, refusal.all["retry_after_ms"].as_u64().unwrap()));
            }
        }
        assert!(refused.len() >= 10, "40 at once and 20 a second: {} refused", refused.len());
        assert!(alice.ok("log", json!({"room": "lounge", "after": 0})).await["head"] == 61 - refused.len());
        let (number, wait_ms) = refused[0];
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        alice.ok("send", send(number)).await;
    }

    async fn bad_frames_cost_more(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        let mut alice = server.account("alice").await;
        let mut limited = 0;
        for _ in 0..60 {
            alice.text("nonsense").await;
            limited += usize::from(alice.stray().await == "rate_limited");
        }
        assert!(limited > 5, "5 points each, of a bucket of 200: {limited}");
    }

    async fn limits_are_off_for_load_and_the_log_says_so(store: Store) {
        let server = store.server().await;
        server.logged("limits").await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut commands = Vec::new();
        for number in 0..500 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
            commands.push(alice.post("send", send).await);
        }
        for command in commands {
            alice.reply(command).await.unwrap();
        }
    }

    async fn logins_are_limited_per_address(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        server.register("alice").await;
        let wrong = json!({"name": "alice", "password": "not her password"});
        let mut limited = None;
        for _ in 0..60 {
            let answer = server.api().post("/api/v1/login", &wrong).await;
            if answer.status.as_u16() == 429 {
                limited = Some(answer);
                break;
            }
            let _ = answer.refused("bad_credentials");
        }
        let refusal = limited.expect("nobody may guess for ever").refused("rate_limited");
        assert!(refusal.all["retry_after_ms"].is_u64());
    }

    async fn a_pipeline_longer_than_256_only_waits(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut commands = Vec::new();
        for number in 0..2_000 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "x"});
            commands.push(alice.post("send", send).await);
        }
        for command in commands {
            alice.reply(command).await.unwrap();
        }
    }
}
