//! The bare stack as a peer: tokio and tokio-tungstenite, rooms in memory, no storage and no
//! authentication. Shows what Parlor adds to it.

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Messages that a slow connection may be behind in its room.
const BEHIND_MAX: usize = 4_096;

struct Room {
    seq: u64,
    members: Sender<Utf8Bytes>,
}

type Rooms = Arc<Mutex<HashMap<String, Room>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let port: u16 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let rooms = Rooms::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                connections.spawn(serve(stream, rooms.clone()));
            }
            // An error ends its connection only.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, rooms: Rooms) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    let mut subscription: Option<Receiver<Utf8Bytes>> = None;
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let reply = handle(&text, &rooms, &mut subscription)?;
                    socket.feed(Message::text(reply)).await?;
                }
                Some(Ok(_)) => {}
                _ => return Ok(()),
            },
            entry = next_entry(&mut subscription) => socket.feed(Message::Text(entry?)).await?,
        }
        // Entries that are already there share the write.
        while let Some(Ok(entry)) = next_entry(&mut subscription).now_or_never() {
            socket.feed(Message::Text(entry)).await?;
        }
        socket.flush().await?;
    }
}

async fn next_entry(
    subscription: &mut Option<Receiver<Utf8Bytes>>,
) -> Result<Utf8Bytes, RecvError> {
    match subscription {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

/// Carries out a join or send and returns the reply.
fn handle(
    text: &str,
    rooms: &Rooms,
    subscription: &mut Option<Receiver<Utf8Bytes>>,
) -> anyhow::Result<String> {
    let command: Value = serde_json::from_str(text)?;
    let id = &command["id"];
    let name = command["d"]["room"].as_str().unwrap_or_default();
    let mut rooms = rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let room = rooms.entry(name.to_owned()).or_insert_with(|| Room {
        seq: 0,
        members: channel(BEHIND_MAX).0,
    });
    if command["op"] == "join" {
        *subscription = Some(room.members.subscribe());
        return Ok(format!(r#"{{"id":{id},"ok":{{}}}}"#));
    }
    room.seq += 1;
    let (seq, body) = (room.seq, &command["d"]["body"]);
    let entry = format!(r#"{{"ev":"entry","room":"{name}","d":{{"seq":{seq},"body":{body}}}}}"#);
    // Fails only if nobody listens.
    let _ = room.members.send(entry.into());
    Ok(format!(r#"{{"id":{id},"ok":{{"seq":{seq}}}}}"#))
}
