//! People who talk at full speed while the server has its troubles, and the judgement on it: in
//! the end everybody and the database must agree on every word.

use crate::chatter::{Chatter, Talk};
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

/// How many, and how busy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People {
    /// Each with one connection.
    pub(crate) clients: usize,
    /// Each person is in about half of them.
    pub(crate) rooms: usize,
    /// Unacknowledged sends of each person.
    pub(crate) window: usize,
    /// The way every third of them takes to the server, if it is not the straight one.
    pub(crate) through: Option<SocketAddr>,
}

/// What people met with.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CrowdReport {
    /// Different messages.
    pub sent: usize,
    /// Of those, how many were acknowledged.
    pub acked: usize,
    /// Sends that were repeated, and how many of the repeats were told that they were.
    pub repeated: usize,
    /// See above.
    pub dups: usize,
    /// Sends that were refused, each with a retryable error.
    pub refused: usize,
    /// Of those, how many with an open outcome.
    pub unknown: usize,
    /// Connections that ended.
    pub cut: usize,
    /// The longest that a send waited for its reply, of whatever kind.
    pub slowest: Duration,
    /// Entries of all rooms.
    pub entries: usize,
    /// Acknowledged messages that are not where the ack said, in the log or in the database.
    pub lost: usize,
    /// Messages that are there more than once.
    pub doubled: usize,
    /// Places of a room's log without an entry.
    pub gaps: usize,
}

/// People talking.
pub(crate) struct Crowd {
    server: Server,
    rooms: Vec<String>,
    stop: watch::Sender<bool>,
    acks: Arc<AtomicUsize>,
    talkers: JoinSet<Chatter>,
}

impl Crowd {
    /// Lets them enter and talk.
    pub(crate) async fn gather(server: &Server, people: People) -> Self {
        let rooms = make_rooms(server, people.rooms).await;
        let (stop, stopped) = watch::channel(false);
        let acks = Arc::new(AtomicUsize::new(0));
        let mut talkers = JoinSet::new();
        for number in 0..people.clients {
            let mine = rooms.iter().skip(number % 2).step_by(2).cloned().collect();
            let talk = Talk {
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

    /// Acknowledgements so far.
    pub(crate) fn acks(&self) -> usize {
        self.acks.load(Ordering::Relaxed)
    }

    /// Waits until people are talking: a fault of a server that idles proves nothing.
    pub(crate) async fn busy(&self) {
        self.acks_after(100, LIMIT).await;
    }

    /// Waits for so many more acknowledgements; how long that took.
    pub(crate) async fn acks_after(&self, more: usize, within: Duration) -> Duration {
        let (began, enough) = (Instant::now(), self.acks() + more);
        while self.acks() < enough {
            assert!(began.elapsed() < within, "nobody is talking");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// Everybody ends once all they said is acknowledged, reads on to the end, and is judged.
    pub(crate) async fn disperse(self, store: &Store) -> CrowdReport {
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

/// The whole log of each room as a new member reads it: `seq` to `cid`.
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

/// Everyone reads on until they have all there is.
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
        // What anyone was ever given went through the world, which refuses to disagree.
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
