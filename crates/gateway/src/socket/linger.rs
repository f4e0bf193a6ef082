//! The end of a connection: its last words go out, and it is listened to until the client closes,
//! so that the close code arrives.

use super::conn::Conn;
use super::frame::{Close, LAST_WORDS, LINGER, SLOW_LAST_WORDS};
use super::reader::Inbound;
use super::task::{End, Task};
use tokio::time::timeout;

/// Says goodbye as `end` asks for. `None` where nothing the client sends can be understood.
pub(super) async fn linger(conn: &Conn, end: End, task: Option<&mut Task>) {
    if end == End::Lost {
        return;
    }
    // What a client does not take within this time it will not take.
    let patience = match conn.egress().closing() {
        Some(Close::SLOW) => SLOW_LAST_WORDS,
        _ => LAST_WORDS,
    };
    let _ = timeout(patience, last_words(conn)).await;
    conn.stream.end_writing();
    match (end, task) {
        (End::Ours { deaf: false, .. }, Some(task)) => {
            let _ = timeout(LINGER, until_close(conn, task)).await;
        }
        (End::Ours { .. }, _) => {
            let _ = timeout(LINGER, until_gone(conn)).await;
        }
        (End::Theirs { .. } | End::Lost, _) => {}
    }
}

async fn last_words(conn: &Conn) {
    loop {
        conn.write_out();
        if conn.egress().is_finished() {
            return;
        }
        // An error shows itself in the writing.
        let _ = conn.stream.writable().await;
    }
}

async fn until_close(conn: &Conn, task: &mut Task) {
    loop {
        match task.last_words() {
            Inbound::Text(_) | Inbound::Ping | Inbound::Pong => {}
            Inbound::Close(_) | Inbound::Lost => return,
            Inbound::Refused(_) => return until_gone(conn).await,
            Inbound::Nothing => {
                if conn.stream.readable().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads and throws away, without understanding anything.
async fn until_gone(conn: &Conn) {
    let mut scrap = [0; 1024];
    loop {
        match conn.stream.try_read(&mut scrap) {
            Ok(0) => return,
            Ok(_) => tokio::task::yield_now().await,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if conn.stream.readable().await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
