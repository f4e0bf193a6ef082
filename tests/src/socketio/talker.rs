//! A person of a trial who chats through Socket.IO: sends messages, comes back, and repeats what was not
//! acknowledged.

use super::engine_client::EngineMode;
use super::socketio_client::{ClientEnd, SocketIoClient};
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::sync::watch;

/// Pause before another try to connect.
const PAUSE: Duration = Duration::from_millis(50);

/// A person and what became of their messages.
#[derive(Debug)]
pub(super) struct Talker {
    server: Server,
    name: String,
    client: SocketIoClient,
    rooms: Vec<String>,
    /// Room, cid, and the acknowledgement that is awaited.
    pending: VecDeque<(String, String, Option<u64>)>,
    pub(super) sent: usize,
    pub(super) repeated: usize,
    pub(super) recovered: usize,
    pub(super) not_recovered: usize,
    /// Room, cid and `seq`.
    pub(super) acked: Vec<(String, String, i64)>,
}

impl Talker {
    /// Connects and joins.
    pub(super) async fn enter(server: Server, number: usize, rooms: Vec<String>) -> Self {
        let mode = EngineMode::ALL[number % 3];
        let name = format!("socket{number}");
        let client = SocketIoClient::guest(&server, mode, &name).await;
        let mut talker = Self {
            server,
            name,
            client,
            rooms,
            pending: VecDeque::new(),
            sent: 0,
            repeated: 0,
            recovered: 0,
            not_recovered: 0,
            acked: Vec::new(),
        };
        for room in talker.rooms.clone() {
            // A busy server may cut a client that falls behind.
            while talker.join(&room).await.is_err() {
                talker.come_back().await;
            }
        }
        talker
    }

    async fn join(&mut self, room: &str) -> Result<(), ClientEnd> {
        loop {
            let ack = self.client.post("join", &json!({ "room": room })).await?;
            let joined = self.client.acknowledged(ack).await?;
            if joined["err"].is_null() {
                return Ok(());
            }
            assert_eq!(joined["err"]["retryable"], true, "{}: {joined}", self.name);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends until asked to stop and all is acknowledged.
    pub(super) async fn talk(mut self, window: usize, stopped: watch::Receiver<bool>) -> Self {
        while !(*stopped.borrow() && self.pending.is_empty()) {
            while !*stopped.borrow() && self.pending.len() < window {
                self.compose();
            }
            if self.advance().await.is_err() {
                self.come_back().await;
            }
        }
        self
    }

    /// Hears until all entries up to these heads have come.
    pub(super) async fn catch_up(&mut self, heads: &BTreeMap<String, i64>) {
        for room in self.rooms.clone() {
            while self.client.reach(&room, heads[&room]).await.is_err() {
                self.come_back().await;
            }
        }
    }

    fn compose(&mut self) {
        self.sent += 1;
        let room = self.rooms[self.sent % self.rooms.len()].clone();
        let cid = format!("{}-{:08}", self.name, self.sent);
        self.pending.push_back((room, cid, None));
    }

    /// Sends what has not been sent on this connection, and waits for the oldest acknowledgement.
    async fn advance(&mut self) -> Result<(), ClientEnd> {
        for (room, cid, ack) in self.pending.iter_mut().filter(|(.., ack)| ack.is_none()) {
            let body = format!("{cid} says this");
            let d = json!({ "room": room, "cid": cid, "body": body });
            *ack = Some(self.client.post("send", &d).await?);
        }
        let Some((room, cid, Some(ack))) = self.pending.front().cloned() else {
            return Ok(());
        };
        let answer = self.client.acknowledged(ack).await?;
        self.client.heard();
        self.pending.pop_front();
        if answer["err"].is_null() {
            let seq = answer["ok"]["seq"].as_i64().expect("a seq");
            self.acked.push((room, cid, seq));
        } else {
            assert_eq!(answer["err"]["retryable"], true, "{}: {answer}", self.name);
            self.pending.push_back((room, cid, None));
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn come_back(&mut self) {
        loop {
            match self.client.come_back(self.server.address()).await {
                Ok(()) => break,
                Err(ClientEnd::Engine(_)) => tokio::time::sleep(PAUSE).await,
                Err(end) => panic!("{} is not let in again: {end:?}", self.name),
            }
        }
        if self.client.recovered {
            self.recovered += 1;
        } else {
            self.not_recovered += 1;
        }
        for (.., ack) in &mut self.pending {
            self.repeated += usize::from(ack.take().is_some());
        }
    }

    /// Returns how many acknowledged messages are not where the acknowledgement says.
    pub(super) fn lost(&self, seen: impl Fn(&str) -> BTreeMap<i64, Value>) -> usize {
        let logs: BTreeMap<_, _> = self.rooms.iter().map(|room| (room, seen(room))).collect();
        let kept = |(room, cid, seq): &&(String, String, i64)| {
            logs[room]
                .get(seq)
                .is_some_and(|entry| entry["cid"] == **cid)
        };
        self.acked.len() - self.acked.iter().filter(kept).count()
    }
}
