//! People who chat at full speed while faults occur; in the end all clients and the database must
//! agree on every message.

use crate::chatter::{Chatter, ChatterConfig};
use crate::client::{Client, LIMIT};
use crate::server::Server;
use crate::store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many people there are and how fast they send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People {
    /// Number of people, each with one connection.
    pub(crate) clients: usize,
    /// Number of rooms; each person is in about half of them.
    pub(crate) rooms: usize,
    /// Unacknowledged sends of each person.
    pub(crate) window: usize,
    /// The proxy that every third person uses, if any.
    pub(crate) through: Option<SocketAddr>,
}

/// What people experienced, and what the check found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CrowdReport {
    /// Distinct messages.
    pub sent: usize,
    /// How many of them were acknowledged.
    pub acked: usize,
    /// Sends that were repeated.
    pub repeated: usize,
    /// How many of the repeats were acknowledged as duplicates.
    pub dups: usize,
    /// Refused sends, each with a retryable error.
    pub refused: usize,
    /// How many of those had an unknown outcome.
    pub unknown: usize,
    /// Connections that ended.
    pub cut: usize,
    /// Longest wait of a send for any reply.
    pub slowest: Duration,
    /// Entries of all rooms.
    pub entries: usize,
    /// Acknowledged messages that are missing from their place in the log or the database.
    pub lost: usize,
    /// Messages that are stored more than once.
    pub doubled: usize,
    /// Sequence numbers without an entry.
    pub gaps: usize,
}

/// A running crowd.
pub(crate) struct Crowd {
    server: Server,
    rooms: Vec<String>,
    stop: watch::Sender<bool>,
    acks: Arc<AtomicUsize>,
    talkers: JoinSet<Chatter>,
}

impl Crowd {
    /// Connects the people and lets them chat.
    pub(crate) async fn gather(server: &Server, people: People) -> Self {
        let rooms = make_rooms(server, people.rooms).await;
        let (stop, stopped) = watch::channel(false);
        let acks = Arc::new(AtomicUsize::new(0));
        let mut talkers = JoinSet::new();
        for number in 0..people.clients {
            let mine = rooms.iter().skip(number % 2).step_by(2).cloned().collect();
            let talk = ChatterConfig {
                rooms: mine,
                window: people.window,
                through: people.through.filter(|_| number % 3 == 0),
                stopped: stopped.clone(),
                acks: Arc::clone(&acks),
            };
            let name = format!("talker{number}");
            talkers.spawn(Chatter::enter(server.clone(), name, talk));
        }
        Self {
            server: server.clone(),
            rooms,
            stop,
            acks,
            talkers,
        }
    }

    /// Returns the number of acknowledgements so far.
    pub(crate) fn acks(&self) -> usize {
        self.acks.load(Ordering::Relaxed)
    }

    /// Waits until people are chatting: a fault of an idle server proves nothing.
    pub(crate) async fn busy(&self) {
        self.acks_after(100, LIMIT).await;
    }

    /// Waits for this many more acknowledgements and returns how long that took.
    pub(crate) async fn acks_after(&self, more: usize, within: Duration) -> Duration {
        let (began, enough) = (Instant::now(), self.acks() + more);
        while self.acks() < enough {
            assert!(began.elapsed() < within, "nobody is chatting");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// Stops sending once everything is acknowledged, lets everybody catch up, and checks the
    /// result.
    pub(crate) async fn finish(self, store: &Store) -> CrowdReport {
        self.stop.send_replace(true);
        let chatters = self.talkers.join_all().await;
        let logs = read_logs(&self.server, &self.rooms).await;
        let chatters = catch_up(chatters, &logs).await;
        judge(store, &chatters, &logs).await
    }
}

async fn make_rooms(server: &Server, count: usize) -> Vec<String> {
    let mut maker = server.account("maker").await;
    let mut rooms = Vec::new();
    for number in 0..count {
        let name = format!("chaos-{number}");
        maker
            .ok("room.create", json!({"name": name, "kind": "public"}))
            .await;
        rooms.push(name);
    }
    rooms
}

/// Reads the whole log of each room as a new member: `seq` to `cid`.
type Logs = BTreeMap<String, BTreeMap<i64, Option<String>>>;

async fn read_logs(server: &Server, rooms: &[String]) -> Logs {
    let mut reader = server.account("reader").await;
    let mut logs = Logs::new();
    for room in rooms {
        let head = reader.ok("join", json!({"room": room, "limit": 1})).await["head"].clone();
        let log = read_log(&mut reader, room, head.as_i64().expect("head is a number")).await;
        logs.insert(room.clone(), log);
    }
    logs
}

async fn read_log(reader: &mut Client, room: &str, head: i64) -> BTreeMap<i64, Option<String>> {
    let mut log = BTreeMap::new();
    let mut cursor = 0;
    while cursor < head {
        let page = reader
            .ok("log", json!({"room": room, "after": cursor, "limit": 200}))
            .await;
        let entries = page["entries"].as_array().expect("entries are a list");
        assert!(
            !entries.is_empty(),
            "a page of log holds at least one entry below the head"
        );
        for entry in entries {
            cursor = entry["seq"].as_i64().expect("seq is a number");
            log.insert(cursor, entry["cid"].as_str().map(str::to_owned));
        }
    }
    log
}

/// Lets everyone read until they have all entries.
async fn catch_up(chatters: Vec<Chatter>, logs: &Logs) -> Vec<Chatter> {
    let mut waiting = JoinSet::new();
    for mut chatter in chatters {
        let heads: BTreeMap<String, i64> = chatter
            .rooms()
            .iter()
            .map(|room| (room.clone(), logs[room].keys().max().copied().unwrap_or(0)))
            .collect();
        waiting.spawn(async move {
            chatter.catch_up(&heads).await;
            chatter
        });
    }
    waiting.join_all().await
}

async fn judge(store: &Store, chatters: &[Chatter], logs: &Logs) -> CrowdReport {
    let mut figures = CrowdReport::default();
    let stored = stored(store).await;
    for (room, log) in logs {
        figures.entries += log.len();
        let head = log.keys().max().copied().unwrap_or(0);
        figures.gaps += (1..=head).filter(|seq| !log.contains_key(seq)).count();
        figures.doubled += doubled(log);
        assert_eq!(
            stored.get(room),
            Some(log),
            "the database and the log of {room} agree"
        );
        // Every entry that a client received was checked against those of the others.
        let seen = store.seen(room);
        let all = seen
            .iter()
            .map(|(seq, entry)| (*seq, entry["cid"].as_str().map(str::to_owned)));
        assert_eq!(
            all.collect::<BTreeMap<_, _>>(),
            *log,
            "all clients and the log of {room} agree"
        );
    }
    for chatter in chatters {
        chatter.add_to(&mut figures);
        figures.acked += chatter.acked().len();
        let kept = |(room, cid, seq): &&(String, String, i64)| {
            logs[room]
                .get(seq)
                .is_some_and(|found| found.as_ref() == Some(cid))
        };
        figures.lost += chatter.acked().len() - chatter.acked().iter().filter(kept).count();
    }
    figures
}

fn doubled(log: &BTreeMap<i64, Option<String>>) -> usize {
    let mut cids: Vec<&String> = log.values().flatten().collect();
    let all = cids.len();
    cids.sort();
    cids.dedup();
    all - cids.len()
}

async fn stored(store: &Store) -> Logs {
    let mut logs = Logs::new();
    for entry in store.sql().await.entries().await {
        logs.entry(entry.room)
            .or_default()
            .insert(entry.seq, entry.cid);
    }
    logs
}
