//! Stops a server with many connections; each must learn when to reconnect.

use crate::raw::{Raw, Received};
use crate::server::{Exit, Server};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Connections opened concurrently.
const AT_ONCE: usize = 64;

/// The result of a stop with many connections.
#[derive(Debug)]
pub struct Drained {
    /// The delays that clients were given, in milliseconds.
    pub delays_ms: Vec<u64>,
    /// Duration of the stop.
    pub took: Duration,
    /// How the server ended.
    pub exit: Exit,
}

impl Drained {
    /// Returns the number of distinct delays.
    #[must_use]
    pub fn different(&self) -> usize {
        self.delays_ms.iter().collect::<BTreeSet<_>>().len()
    }
}

/// Connects this many guests and stops the server; every one must receive `bye` and close code
/// 1012.
pub async fn drained(server: &Server, connections: usize) -> Drained {
    let mut guests = JoinSet::new();
    let mut open = Vec::new();
    for number in 0..connections {
        if guests.len() == AT_ONCE {
            open.extend(guests.join_next().await);
        }
        let address = server.address();
        guests.spawn(async move {
            let mut raw = Raw::connect(address).await.expect("the server accepts");
            raw.upgrade().await.expect("the server upgrades");
            let hello = json!({"id": 1, "op": "hello", "d": {"guest": format!("guest-{number}")}});
            raw.say(&hello).await.expect("the server reads");
            let reply = raw.reply(1).await.expect("hello is answered");
            assert!(reply["ok"].is_object(), "{reply}");
            raw
        });
    }
    open.extend(guests.join_all().await.into_iter().map(Ok));
    let mut waiting = JoinSet::new();
    for raw in open {
        waiting.spawn(read_bye(raw.expect("a guest does not panic")));
    }
    let began = Instant::now();
    server.signal("TERM");
    let exit = server.ended().await;
    Drained {
        took: began.elapsed(),
        delays_ms: waiting.join_all().await,
        exit,
    }
}

async fn read_bye(mut raw: Raw) -> u64 {
    let mut delay = None;
    loop {
        match raw.next().await {
            Received::Text(push) if push["ev"] == "bye" => {
                delay = push["d"]["reconnect_after_ms"].as_u64();
            }
            Received::Text(_) => {}
            Received::Close(code) => {
                assert_eq!(code, 1012);
                // The server may have gone before this reply.
                let _ = raw.close(code).await;
                return delay.expect("bye comes before the close");
            }
            Received::Nothing => panic!("ended without a close frame"),
        }
    }
}
