//! A stop while clients cannot be reached any more, as every phone in a tunnel.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Exit, Raw, Settings, on_both, snag};
use tokio::task::JoinSet;
use tokio::time::Instant;

const PHONES: usize = 4;

/// Messages of 2,000 characters: more than the kernel keeps for a client that does not read.
const MESSAGES: usize = 400;

/// Returns what a stage left undone, from its line in the log.
fn left(exit: &Exit, stage: &str) -> Option<u64> {
    let lines = exit.lines.iter();
    let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["stage"] == stage)?["left"].as_u64()
}

/// Keeps silent sockets open although their queues are long.
fn patient() -> Settings {
    Settings::default()
        .with("PARLOR_EGRESS_BYTES_MAX", "100000000")
        .with("PARLOR_EGRESS_AGE_MS", "600000")
}

on_both! {
    async fn clients_in_a_tunnel_are_cut_and_do_not_make_a_stop_fail(store: Store) {
        let server = store.serve(patient()).await;
        let mut alice = server.account("alice").await;
        let mut phones = Vec::new();
        for number in 0..PHONES {
            let mut phone = Raw::connect_narrow(server.address()).await.unwrap();
            phone.upgrade().await.unwrap();
            let guest = format!("phone-{number}");
            let hello = json!({"id": 1, "op": "hello", "d": {"guest": guest, "subscribe": "all"}});
            phone.say(&hello).await.unwrap();
            assert!(phone.reply(1).await.is_some());
            phone.say(&json!({"id": 2, "op": "join", "d": {"room": "general"}})).await.unwrap();
            assert!(phone.reply(2).await.is_some());
            phones.push(phone);
        }
        // Their commands are carried out, though nobody reads the replies.
        for phone in &mut phones {
            phone.say(&json!({"id": 3, "op": "rooms", "d": {}})).await.unwrap();
        }
        // Others stop half way: in a frame, before hello, in the body of a request.
        let mut frame = Raw::connect(server.address()).await.unwrap();
        frame.upgrade().await.unwrap();
        frame.bytes(&[0x81, 0xfe, 0x10]).await.unwrap();
        let mut stranger = Raw::connect(server.address()).await.unwrap();
        stranger.upgrade().await.unwrap();
        let mut request = Raw::connect(server.address()).await.unwrap();
        let head = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
        request.bytes(head).await.unwrap();
        alice.ok("join", json!({"room": "general"})).await;
        let body = "x".repeat(2_000);
        for _ in 0..MESSAGES {
            alice.say("general", &body).await;
        }
        let began = Instant::now();
        server.signal("TERM");
        let exit = server.ended().await;
        let log = exit.lines.join("\n");
        assert_eq!(exit.code, Some(0), "{log}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}\n{log}", began.elapsed());
        assert_eq!(left(&exit, "replies"), Some(0), "{log}");
        assert_eq!(left(&exit, "goodbyes"), Some(PHONES as u64), "{log}");
        assert_eq!(left(&exit, "storage"), Some(0), "{log}");
        assert!(log.contains(&format!("\"cut\":{PHONES}")), "{log}");
        assert!(!log.contains("did not finish"), "{log}");
    }

    async fn a_request_over_http_that_is_cut_ends_a_stop_with_1(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        snag(&store).await;
        let api = server.api().bearing(&alice.token());
        let held = json!({"cid": "held", "body": "x"});
        let mut stuck = JoinSet::new();
        stuck.spawn(async move { api.post("/api/v1/rooms/lounge/messages", &held).await });
        while server.scrape().await.sum("parlor_commands_unanswered", &[]) < 1.0 {}
        server.signal("TERM");
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(1), "{}", exit.lines.join("\n"));
        assert_eq!(left(&exit, "replies"), Some(1), "{}", exit.lines.join("\n"));
        stuck.abort_all();
    }
}
