//! RFC 6455 from outside: a client of bytes against the real listener, handshake, reader, queue and
//! closing, with messages sent back instead of read as commands. The groups are those of the Autobahn
//! test suite.

#![expect(clippy::unwrap_used, reason = "all of this crate is test code")]

#[path = "../../examples/echo/server.rs"]
mod server;

mod cases;
mod client;

use client::{Client, Received, frame};
use std::net::SocketAddr;
use std::time::Duration;

const MESSAGE_BYTES: usize = 100_000;

/// How a client's bytes reach the server.
#[derive(Debug, Clone, Copy)]
enum Chopped {
    /// In one write.
    Whole,
    /// One byte at a time.
    Bytes,
}

/// Checks what the server answers to these frames.
async fn answers(address: SocketAddr, frames: &[Vec<u8>], expected: &[Received], how: Chopped) {
    let bytes = frames.concat();
    let mut client = Client::connect(address).await;
    match how {
        Chopped::Bytes if bytes.len() < 1_000 => client.write_in_pieces(&bytes, 1).await,
        Chopped::Bytes => client.write_in_pieces(&bytes, 997).await,
        Chopped::Whole => client.write(&bytes).await,
    }
    for (n, expected) in expected.iter().enumerate() {
        let received = client.next().await;
        let shown = &bytes[..bytes.len().min(40)];
        assert_eq!(&received, expected, "answer {n} to {shown:02x?}, {how:?}");
    }
    if let Some(Received::Close(..)) = expected.last() {
        // It waits for our close frame, and then ends the connection.
        client.write(&frame(0x88, &1000u16.to_be_bytes())).await;
        assert_eq!(client.next().await, Received::End);
    } else {
        client.write(&frame(0x89, b"still here")).await;
        assert_eq!(client.next().await, Received::Pong(b"still here".to_vec()));
    }
}

async fn hold(cases: Vec<cases::Case>) {
    let limits = server::Limits {
        message_bytes: MESSAGE_BYTES,
        ping_every: Duration::from_secs(3600),
        pong_within: Duration::from_secs(10),
    };
    let server = server::start(SocketAddr::from(([127, 0, 0, 1], 0)), limits).unwrap();
    for (frames, expected) in &cases {
        for how in [Chopped::Whole, Chopped::Bytes] {
            answers(server.address, frames, expected, how).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_all_sizes_come_back() {
    hold(cases::messages()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_and_pongs_ignored() {
    hold(cases::pings()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserved_bits_and_opcodes_are_refused() {
    hold(cases::reserved()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_joined_and_control_frames_may_come_between() {
    hold(cases::fragments()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_utf_8_however_it_is_split() {
    hold(cases::utf_8()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_has_its_rules() {
    hold(cases::closing()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_big_is_refused_before_it_has_arrived() {
    hold(cases::limits()).await;
}
