//! Clients that write without pause, or hardly at all, are disconnected, and nobody else notices.
//! `just torture floods` takes the measurements; the assertions here hold on a busy machine too.

use serde_json::json;
use std::time::Duration;
use tests::{FLOODS, Flood, Raw, Received, Scale, Settings, Store, on_sqlite};
use tokio::time::Instant;

/// Allowance for a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// A few flooding clients, at least as many as there are threads, and a few people.
async fn harmless(store: &Store, name: &str) {
    let flood: &'static Flood = FLOODS.iter().find(|flood| flood.name == name).unwrap();
    let scale = Scale {
        people: 10,
        strangers: 4,
        lasts: Duration::from_secs(3),
        patience: LONG,
        pinned: false,
    };
    let felt = flood.run(store, scale).await;
    // The people wait 10 s at most, and a stop may take as long.
    assert!(felt.sends_p99 < Duration::from_secs(8), "{felt}");
    assert!(felt.health_p99 < Duration::from_secs(5), "{felt}");
    assert!(felt.stop < Duration::from_secs(12), "{felt}");
    assert!(felt.gone_after.is_some_and(|gone| gone < LONG), "{felt}");
}

async fn greeted(server: &tests::Server) -> Raw {
    let mut raw = Raw::connect(server.address()).await.unwrap();
    raw.upgrade().await.unwrap();
    raw.say(&json!({"id": 1, "op": "hello", "d": {"guest": "alice"}}))
        .await
        .unwrap();
    assert!(raw.reply(1).await.unwrap()["ok"].is_object());
    raw
}

/// Returns a text frame with a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0xfe];
    frame.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

on_sqlite! {
    async fn pings_without_pause_are_felt_by_nobody(store: Store) {
        harmless(&store, "pings").await;
    }

    async fn pongs_without_pause_are_felt_by_nobody(store: Store) {
        harmless(&store, "pongs").await;
    }

    async fn empty_fragments_without_pause_are_felt_by_nobody(store: Store) {
        harmless(&store, "empty fragments").await;
    }

    async fn bad_frames_without_pause_are_felt_by_nobody(store: Store) {
        harmless(&store, "bad frames").await;
    }

    async fn bytes_after_the_close_are_felt_by_nobody(store: Store) {
        harmless(&store, "bytes after the close").await;
    }

    async fn an_endless_request_is_felt_by_nobody(store: Store) {
        harmless(&store, "an endless body").await;
    }

    async fn a_dripped_message_ends_although_its_bytes_keep_coming(store: Store) {
        let settings = Settings::default().with("PARLOR_MESSAGE_TIMEOUT_MS", "2000");
        let server = store.serve(settings).await;
        let mut raw = greeted(&server).await;
        // A header that announces 60,000 bytes, then one byte every tenth of a second.
        raw.bytes(b"\x81\xfe\xea\x60\0\0\0\0").await.unwrap();
        let began = Instant::now();
        let closed = loop {
            match tokio::time::timeout(Duration::from_millis(100), raw.next()).await {
                Ok(Received::Text(_)) => {}
                Ok(said) => break said,
                Err(_) => raw.bytes(b"x").await.unwrap(),
            }
            assert!(began.elapsed() < LONG);
        };
        assert_eq!(closed, Received::Close(4003));
    }

    async fn a_slow_line_that_carries_bytes_is_alive(store: Store) {
        // Far less time than the message takes at 400 bytes a second.
        let settings = Settings::default()
            .with("PARLOR_PING_EVERY_MS", "1500")
            .with("PARLOR_PONG_TIMEOUT_MS", "1500")
            .with("PARLOR_MESSAGE_TIMEOUT_MS", "5000");
        let server = store.serve(settings).await;
        let mut raw = greeted(&server).await;
        raw.say(&json!({"id": 2, "op": "join", "d": {"room": "general"}})).await.unwrap();
        raw.reply(2).await.unwrap();
        let send = json!({"room": "general", "cid": "slow", "body": "x".repeat(2_800)});
        let message = frame(&json!({"id": 3, "op": "send", "d": send}).to_string());
        let (began, mut sent) = (Instant::now(), 0);
        while sent < message.len() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let due = usize::try_from(began.elapsed().as_millis() * 4 / 10).unwrap();
            let due = due.min(message.len());
            raw.bytes(&message[sent..due]).await.unwrap();
            sent = due;
        }
        let reply = raw.reply(3).await.expect("the connection lives");
        assert!(reply["ok"]["seq"].is_i64(), "{reply}");
    }

    async fn a_hello_on_a_slow_line_is_waited_for(store: Store) {
        let settings = Settings::default()
            .with("PARLOR_HELLO_TIMEOUT_MS", "1000")
            .with("PARLOR_HEADER_TIMEOUT_MS", "1000");
        let server = store.serve(settings).await;
        let mut raw = Raw::connect(server.address()).await.unwrap();
        raw.upgrade().await.unwrap();
        let hello = json!({"guest": "alice", "client": "x".repeat(1_500)});
        let message = frame(&json!({"id": 1, "op": "hello", "d": hello}).to_string());
        for piece in message.chunks(40) {
            raw.bytes(piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let reply = raw.reply(1).await.expect("the connection lives");
        assert!(reply["ok"].is_object(), "{reply}");

        let mut dripped = Raw::connect(server.address()).await.unwrap();
        dripped.upgrade().await.unwrap();
        dripped.bytes(&message[..100]).await.unwrap();
        let closed = loop {
            match tokio::time::timeout(Duration::from_millis(100), dripped.next()).await {
                Ok(said) => break said,
                Err(_) => dripped.bytes(b"x").await.unwrap(),
            }
        };
        assert_eq!(closed, Received::Close(4501));
    }

    async fn who_answers_pings_pays_nothing_and_other_pongs_cost(store: Store) {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_PING_EVERY_MS", "100")
            .with("PARLOR_COMMANDS_PER_S", "1")
            .with("PARLOR_POINTS_HELLO", "1")
            .with("PARLOR_REFUSALS_MAX", "5");
        let server = store.serve(settings).await;
        let pong = [0x8a, 0x80, 0, 0, 0, 0];
        let mut raw = greeted(&server).await;
        // Far more pings than there are points.
        let mut pings = 0;
        while pings < 40 {
            match raw.next().await {
                Received::Text(frame) if frame["ev"] == "ping" => {
                    pings += 1;
                    raw.bytes(&pong).await.unwrap();
                }
                Received::Text(_) => {}
                said => panic!("{said:?} after {pings} pings"),
            }
        }
        raw.bytes(&pong.repeat(100)).await.unwrap();
        let closed = loop {
            match raw.next().await {
                Received::Text(_) => {}
                said => break said,
            }
        };
        assert_eq!(closed, Received::Close(4508));
    }

    async fn a_message_in_large_pieces_costs_one_point(store: Store) {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_COMMANDS_PER_S", "3")
            .with("PARLOR_POINTS_HELLO", "1")
            .with("PARLOR_REFUSALS_MAX", "1");
        let server = store.serve(settings).await;
        let mut raw = greeted(&server).await;
        // 100 fragments of 300 bytes: the command, padded with white space.
        let text = format!("{:30000}", r#"{"id":7,"op":"ping","d":{}}"#);
        for (number, piece) in text.as_bytes().chunks(300).enumerate() {
            let opcode = u8::from(number == 0) | if number == 99 { 0x80 } else { 0 };
            let mut frame = vec![opcode, 0xfe, 1, 44, 0, 0, 0, 0];
            frame.extend_from_slice(piece);
            raw.bytes(&frame).await.unwrap();
        }
        let reply = raw.reply(7).await.expect("the connection lives");
        assert!(reply["ok"].is_object(), "{reply}");
    }

    async fn an_answer_arrives_although_the_body_never_ends(store: Store) {
        let server = store.server().await;
        let mut raw = Raw::connect(server.address()).await.unwrap();
        let head = "POST /api/v1/login HTTP/1.1\r\nhost: parlor\r\ncontent-length: 150000\r\n\r\n";
        raw.bytes(head.as_bytes()).await.unwrap();
        raw.bytes(&vec![b' '; 140_000]).await.unwrap();
        let answer = raw.rest().await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
