//! Turns that several threads write.

use super::stage::{Socket, Stage, entry, message};
use crate::Limits;
use crate::connection::Close;
use crate::hub::requests::Detach;
use rooms::api::Seq;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PEOPLE: usize = 300;
const TURNS: Seq = 50;

async fn room_of(people: usize, writers: usize) -> (Stage, Vec<Socket>) {
    let mut stage = Stage::with(Limits {
        fanout_writers: writers,
        ..Limits::default()
    })
    .await;
    let mut sockets = Vec::new();
    for number in 0..people {
        sockets.push(stage.member(&format!("p{number}"), "x", 0).await);
    }
    (stage, sockets)
}

/// Returns what a client receives until it has so many frames. The kernel may pass on what another thread
/// has written a moment later.
fn received(socket: &mut Socket, frames: usize) -> Vec<String> {
    let late = Instant::now() + Duration::from_secs(10);
    let mut names = socket.names();
    while names.len() < frames {
        assert!(Instant::now() < late, "nothing comes after {names:?}");
        std::thread::yield_now();
        names.extend(socket.names());
    }
    names
}

#[tokio::test]
async fn everyone_in_a_large_room_gets_every_entry_once_and_in_order() {
    for writers in [1, 2, 7, 64] {
        let (mut stage, mut sockets) = room_of(PEOPLE, writers).await;
        for seq in 1..=TURNS {
            stage.append("x", vec![entry(seq, "p0", message("hi"))]);
        }
        let expected: Vec<_> = (1..=TURNS).map(|seq| format!("entry {seq}")).collect();
        for socket in &mut sockets {
            let names = received(socket, expected.len());
            assert_eq!(names, expected, "{writers} writers");
        }
    }
}

#[tokio::test]
async fn all_is_written_when_the_turn_ends() {
    let (mut stage, mut sockets) = room_of(PEOPLE, 4).await;
    for seq in 1..=TURNS {
        stage.append("x", vec![entry(seq, "p0", message("hi"))]);
        for socket in &mut sockets {
            assert!(socket.conn.egress().is_finished(), "nothing waits");
            assert_eq!(received(socket, 1), [format!("entry {seq}")]);
        }
    }
}

#[tokio::test]
async fn a_closed_socket_among_many_gets_nothing_after_its_close() {
    let (mut stage, mut sockets) = room_of(PEOPLE, 4).await;
    stage.append("x", vec![entry(1, "p0", message("hi"))]);
    sockets[100].conn.close(Close::RESTART);
    stage.append("x", vec![entry(2, "p0", message("hi"))]);
    sockets[100].conn.flush();
    assert_eq!(received(&mut sockets[100], 2), ["entry 1", "close 1012"]);
    assert_eq!(received(&mut sockets[101], 2), ["entry 1", "entry 2"]);
}

#[tokio::test]
async fn no_thread_keeps_a_connection_after_its_turn() {
    let (mut stage, mut sockets) = room_of(PEOPLE, 4).await;
    stage.append("x", vec![entry(1, "p0", message("hi"))]);
    let left = sockets.pop().unwrap();
    let conn = Arc::downgrade(&left.conn);
    stage
        .ask(Detach {
            connection: left.id(),
        })
        .await;
    drop(left);
    // A helper that came too late for the turn holds its list for a moment.
    let late = Instant::now() + Duration::from_secs(10);
    while conn.strong_count() > 0 {
        assert!(Instant::now() < late, "somebody keeps the connection");
        std::thread::yield_now();
    }
}
