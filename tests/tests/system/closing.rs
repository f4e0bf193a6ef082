//! Each close code that the server sends.

use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::{Claims, Client, Closed, Dial, SECRET, Settings, Store, contract, on_sqlite};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

/// Close codes that no test provokes, and why.
const NOT_GIVEN: &[(u16, &str)] = &[
    (1001, "a client's word, when a page is left"),
    (1005, "no close frame at all: never on the wire"),
    (1006, "no close frame at all: never on the wire"),
    (
        1011,
        "a bug of the server: the code is for other implementations",
    ),
    (
        1013,
        "given before hello when the machine is full: see life and limits",
    ),
    (
        4009,
        "order lost: needs a store that loses entries it has stated",
    ),
    (4504, "there is no command yet that bans from the server"),
    (4999, "the end of a range"),
    (4499, "the end of a range"),
    (4500, "the start of a range"),
];

macro_rules! codes {
    ($(async fn $name:ident($store:ident: Store) -> $code:literal $body:block)+) => {
        on_sqlite! {$(
            async fn $name($store: Store) {
                let closed: Closed = $body;
                assert_eq!(closed.code, Some($code), "{closed:?}");
            }
        )+}

        const GIVEN: &[u16] = &[$($code),+];
    };
}

#[test]
fn every_close_code_of_the_protocol_has_its_test() {
    let excused: BTreeMap<_, _> = NOT_GIVEN.iter().copied().collect();
    for code in &contract().closes {
        assert!(
            GIVEN.contains(code) || excused.contains_key(code),
            "no test closes with {code}"
        );
    }
    for code in GIVEN {
        assert!(
            contract().closes.contains(code),
            "the protocol does not know {code}"
        );
    }
}

fn data(bytes: &[u8], kind: Data) -> Message {
    Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), true))
}

async fn greeted(store: &Store) -> Client {
    store.server().await.guest("alice").await
}

codes! {
    async fn a_session_that_logged_out_is_closed_1000(store: Store) -> 1000 {
        let mut client = greeted(&store).await;
        client.ok("logout", json!({})).await;
        client.closed().await
    }

    async fn a_breach_of_the_websocket_protocol_is_closed_1002(store: Store) -> 1002 {
        let mut client = greeted(&store).await;
        let header = FrameHeader { rsv1: true, ..FrameHeader::default() };
        client.frame(Message::Frame(Frame::from_payload(header, b"{}".to_vec().into()))).await;
        client.closed().await
    }

    async fn a_binary_frame_is_closed_1003(store: Store) -> 1003 {
        let mut client = greeted(&store).await;
        client.frame(Message::binary(b"{\"id\":1,\"op\":\"ping\",\"d\":{}}".to_vec())).await;
        client.closed().await
    }

    async fn invalid_utf8_is_closed_1007(store: Store) -> 1007 {
        let mut client = greeted(&store).await;
        client.frame(data(b"{\"id\":1,\"op\":\"\xff\xfe\"}", Data::Text)).await;
        client.closed().await
    }

    async fn a_frame_above_64_kib_is_closed_1009(store: Store) -> 1009 {
        let mut client = greeted(&store).await;
        client.frame(data(&vec![b' '; 65_537], Data::Text)).await;
        client.closed().await
    }

    async fn an_endless_message_in_fragments_is_closed_1009(store: Store) -> 1009 {
        let mut client = greeted(&store).await;
        let part = vec![b' '; 30_000];
        for kind in [Data::Text, Data::Continue, Data::Continue] {
            let opcode = OpCode::Data(kind);
            client.frame(Message::Frame(Frame::message(part.clone(), opcode, false))).await;
        }
        client.closed().await
    }

    async fn a_stopping_server_closes_1012(store: Store) -> 1012 {
        let server = store.server().await;
        let mut client = server.account("alice").await;
        server.signal("TERM");
        let bye = client.push("bye", "").await;
        assert!(bye["reconnect_after_ms"].as_u64().unwrap() <= 1_000);
        let closed = client.closed().await;
        assert_eq!(server.ended().await.code, Some(0));
        closed
    }

    async fn a_client_that_answers_no_ping_is_closed_4002(store: Store) -> 4002 {
        let settings = Settings::default()
            .with("PARLOR_PING_EVERY_MS", "1000")
            .with("PARLOR_PONG_TIMEOUT_MS", "1000");
        let server = store.serve(settings).await;
        let mut client = server.guest("alice").await;
        // It does not read meanwhile, so it does not answer.
        let given_up = async || server.scrape().await.sum("parlor_sockets_closed_total", &[("code", "4002")]);
        while given_up().await < 1.0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let closed = client.closed().await;
        assert_eq!(client.pushed("ping", "").len(), 1);
        closed
    }

    async fn a_message_that_is_never_finished_is_closed_4003(store: Store) -> 4003 {
        let settings = Settings::default().with("PARLOR_MESSAGE_TIMEOUT_MS", "1500");
        let server = store.serve(settings).await;
        let mut client = server.guest("alice").await;
        let opcode = OpCode::Data(Data::Text);
        client.frame(Message::Frame(Frame::message(&b"{"[..], opcode, false))).await;
        client.closed().await
    }

    async fn a_client_that_reads_too_slowly_is_closed_4008(store: Store) -> 4008 {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut slow = server.guest("slow").await;
        slow.ok("join", json!({"room": "lounge"})).await;
        let long = "x".repeat(4_000);
        // More than the queue and the kernel's buffers hold, and quickly, since the server waits
        // only a second for its close frame to be accepted.
        for part in 0..6 {
            let mut commands = Vec::new();
            for number in 0..25 {
                let cid = format!("{part}-{number}");
                let send = json!({"room": "lounge", "cid": cid, "body": long});
                commands.push(alice.post("send", send).await);
            }
            for command in commands {
                alice.reply(command).await.unwrap();
            }
            alice.pushed("entry", "lounge");
        }
        let closed = slow.closed().await;
        let page = server.scrape().await;
        let slow = page.sum("parlor_sockets_closed_total", &[("code", "4008")]);
        assert_eq!(slow.to_string(), "1");
        closed
    }

    async fn a_connection_whose_token_expires_is_closed_4011(store: Store) -> 4011 {
        let server = store.serve(identities()).await;
        let mut client = server.connect().await;
        // 60 s of clock skew are allowed: this token is valid for 5 s more.
        let jwt = Claims::of("subject", "alice", -55).jwt();
        client.hello(json!({"jwt": jwt})).await.unwrap();
        client.closed().await
    }

    async fn a_connection_without_hello_is_closed_4501(store: Store) -> 4501 {
        let server = store.server().await;
        server.connect().await.closed().await
    }

    async fn an_unknown_token_is_closed_4502(store: Store) -> 4502 {
        let server = store.server().await;
        let mut client = server.connect().await;
        client.refused("hello", json!({"token": "A".repeat(43)}), "bad_credentials").await;
        client.closed().await
    }

    async fn a_connection_taken_over_is_closed_4503(store: Store) -> 4503 {
        let server = store.server().await;
        let mut older = server.account("alice").await;
        let _newer = server.hello(json!({"token": older.token()})).await;
        older.closed().await
    }

    async fn one_connection_too_many_is_closed_4505(store: Store) -> 4505 {
        let settings = Settings::default().limited().with("PARLOR_CONNECTIONS_PER_USER", "2");
        let server = store.serve(settings).await;
        let first = server.account("alice").await;
        let _second = server.tab(&first, "second").await;
        let mut third = server.connect().await;
        let command = third.post("hello", json!({"token": first.token(), "tab": "third"})).await;
        match third.reply_or_close(command).await {
            Err(closed) => closed,
            Ok(_) => third.closed().await,
        }
    }

    async fn a_flood_is_closed_4508(store: Store) -> 4508 {
        let server = store.serve(Settings::default().limited()).await;
        let mut client = server.account("alice").await;
        for _ in 0..600 {
            client.post("ping", json!({})).await;
        }
        client.closed().await
    }
}

/// Starts a server that trusts the test's issuer.
pub(crate) fn identities() -> Settings {
    Settings::default().with("PARLOR_JWT_SECRET", SECRET)
}

on_sqlite! {
    async fn the_code_arrives_although_the_client_goes_on_sending(store: Store) {
        let server = store.server().await;
        let mut client = server.dial(Dial::default()).await.unwrap();
        client.hello(json!({"guest": "alice"})).await.unwrap();
        client.frame(data(&vec![b' '; 65_537], Data::Text)).await;
        for _ in 0..50 {
            client.post("ping", json!({})).await;
        }
        assert_eq!(client.closed().await.code, Some(1009));
    }

    async fn a_client_that_closes_is_answered(store: Store) {
        let mut client = greeted(&store).await;
        client.ok("ping", json!({})).await;
        client.close(1000).await;
    }
}
