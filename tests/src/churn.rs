//! Opens connections that break off, and checks that the server keeps nothing of them.

use crate::raw::Raw;
use crate::server::Server;
use serde_json::json;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// Concurrent connections.
const AT_ONCE: usize = 32;

/// The resources that a server holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Footprint {
    /// Live tasks, including the HTTP connection that asks.
    pub tasks: f64,
    /// Open file descriptors.
    pub descriptors: f64,
    /// Sockets, unanswered commands, credits and database connections in use.
    pub busy: f64,
    /// Connections, people and rooms of the hub.
    pub hub: [f64; 3],
    /// Resident memory in bytes.
    pub memory: f64,
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [connections, people, rooms] = self.hub;
        write!(
            f,
            "tasks {}, descriptors {}, in use {}, hub {connections}/{people}/{rooms}, memory {} KiB",
            self.tasks,
            self.descriptors,
            self.busy,
            self.memory / 1024.0
        )
    }
}

impl Footprint {
    /// Measures this server.
    pub async fn of(server: &Server) -> Self {
        let page = server.scrape().await;
        let figure = |name: &str| page.sum(name, &[]);
        let busy = [
            "parlor_sockets",
            "parlor_commands_unanswered",
            "parlor_bus_credits_in_use",
            "parlor_db_pool_in_use",
            "parlor_db_pool_waiting",
        ];
        Self {
            tasks: figure("parlor_tasks"),
            descriptors: figure("parlor_process_open_fds"),
            busy: busy.iter().map(|name| figure(name)).sum(),
            hub: [
                figure("parlor_hub_connections"),
                figure("parlor_hub_people"),
                figure("parlor_hub_rooms"),
            ],
            memory: figure("parlor_process_resident_memory_bytes"),
        }
    }

    /// Returns whether this is no more than another footprint, with this much more memory allowed.
    #[must_use]
    pub fn within(&self, other: &Self, memory: f64) -> bool {
        let hub = self
            .hub
            .iter()
            .zip(other.hub)
            .all(|(this, that)| *this <= that);
        hub && self.tasks <= other.tasks
            && self.descriptors <= other.descriptors
            && self.busy <= other.busy
            && self.memory <= other.memory + memory
    }

    /// Waits until the server holds no more than this, with this much more memory allowed.
    pub async fn regained(&self, server: &Server, memory: f64, within: Duration) -> Self {
        let end = tokio::time::Instant::now() + within;
        loop {
            let now = Self::of(server).await;
            if now.within(self, memory) {
                return now;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "something was left behind\nbefore: {self}\nnow:    {now}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Opens this many connections that break off, in every possible way.
pub async fn churn(server: &Server, token: &str, times: usize) {
    let address = server.address();
    let mut under_way = JoinSet::new();
    for number in 0..times {
        if under_way.len() == AT_ONCE {
            under_way.join_next().await;
        }
        let token = token.to_owned();
        under_way.spawn(async move {
            // If the server closed it first, that is abrupt too.
            let _ = breaks_off(address, &token, number).await;
        });
    }
    under_way.join_all().await;
}

async fn breaks_off(address: SocketAddr, token: &str, number: usize) -> io::Result<()> {
    let mut raw = Raw::connect(address).await?;
    let way = number % 6;
    if way == 0 {
        raw.bytes(b"GET /api/v1/me HTT").await?;
        raw.reset();
        return Ok(());
    }
    raw.upgrade().await?;
    match way {
        // Before hello.
        1 => raw.reset(),
        // While its hello is in flight.
        2 => {
            let hello = json!({"guest": format!("guest-{number}")});
            raw.say(&json!({"id": 1, "op": "hello", "d": hello}))
                .await?;
            raw.reset();
        }
        // Authenticated, in the middle of a command.
        3 | 4 => {
            let hello =
                json!({"token": token, "tab": format!("tab-{}", number % 7), "subscribe": "all"});
            raw.say(&json!({"id": 1, "op": "hello", "d": hello}))
                .await?;
            raw.reply(1).await;
            raw.say(&json!({"id": 2, "op": "join", "d": {"room": "general"}}))
                .await?;
            raw.say(&json!({"id": 3, "op": "history", "d": {"room": "general"}}))
                .await?;
            if way == 3 {
                raw.reset();
            }
        }
        // As a guest, after the reply to hello.
        _ => {
            let hello = json!({"guest": format!("guest-{number}")});
            raw.say(&json!({"id": 1, "op": "hello", "d": hello}))
                .await?;
            raw.reply(1).await;
            raw.reset();
        }
    }
    Ok(())
}
