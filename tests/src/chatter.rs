//! One person of a trial: sends messages, reconnects, and resends what was not acknowledged.

use crate::client::{Client, LIMIT, Outcome};
use crate::crowd::CrowdReport;
use crate::refusal::Refusal;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Silence after which a client gives up its connection; longer than any reply may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// Longest pause before a resend.
const REST: Duration = Duration::from_secs(1);

/// What a person does.
#[derive(Debug)]
pub(crate) struct ChatterConfig {
    pub(crate) rooms: Vec<String>,
    pub(crate) window: usize,
    /// The proxy to the server, if not a direct connection.
    pub(crate) through: Option<SocketAddr>,
    pub(crate) stopped: watch::Receiver<bool>,
    /// Acknowledgements of all people so far.
    pub(crate) acks: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Chatter {
    server: Server,
    name: String,
    talk: ChatterConfig,
    client: Client,
    pending: VecDeque<PendingMessage>,
    report: CrowdReport,
    acked: Vec<(String, String, i64)>,
}

/// A message that is not acknowledged yet.
#[derive(Debug, Clone)]
struct PendingMessage {
    room: String,
    cid: String,
    tries: usize,
    command: Option<u64>,
    /// Earliest time of the next resend.
    rests_until: Instant,
}

impl Chatter {
    /// Connects, joins the rooms, and sends messages until asked to stop and all are acknowledged.
    pub(crate) async fn enter(server: Server, name: String, talk: ChatterConfig) -> Self {
        let client = arrive(&server, &name, &talk).await;
        let mut chatter = Self {
            server,
            name,
            talk,
            client,
            pending: VecDeque::new(),
            report: CrowdReport::default(),
            acked: Vec::new(),
        };
        while !(*chatter.talk.stopped.borrow() && chatter.pending.is_empty()) {
            chatter.fill().await;
            chatter.advance().await;
        }
        chatter
    }

    pub(crate) fn rooms(&self) -> &[String] {
        &self.talk.rooms
    }

    /// Returns what this person experienced.
    pub(crate) fn add_to(&self, all: &mut CrowdReport) {
        all.sent += self.report.sent;
        all.repeated += self.report.repeated;
        all.dups += self.report.dups;
        all.refused += self.report.refused;
        all.unknown += self.report.unknown;
        all.cut += self.report.cut;
        let slowest = self.report.slowest.max(self.client.slowest_send());
        all.slowest = all.slowest.max(slowest);
    }

    /// Returns room, cid and `seq` of each acknowledged message.
    pub(crate) fn acked(&self) -> &[(String, String, i64)] {
        &self.acked
    }

    /// Reads until all entries up to these heads have arrived.
    pub(crate) async fn catch_up(&mut self, heads: &BTreeMap<String, i64>) {
        let end = tokio::time::Instant::now() + LIMIT;
        while heads
            .iter()
            .any(|(room, head)| self.client.cursor(room) < *head)
        {
            assert!(
                tokio::time::Instant::now() < end,
                "{} does not catch up",
                self.name
            );
            if self.client.has_ended() {
                self.come_back().await;
            }
            self.client.idle(Duration::from_millis(50)).await;
            self.client.forget();
        }
    }

    /// Sends new messages until the window is full, and resends those that are due.
    async fn fill(&mut self) {
        while self.pending.len() < self.talk.window && !*self.talk.stopped.borrow() {
            self.report.sent += 1;
            let room = self.talk.rooms[self.report.sent % self.talk.rooms.len()].clone();
            let cid = format!("{}-{:08}", self.name, self.report.sent);
            self.pending.push_back(PendingMessage {
                room,
                cid,
                tries: 0,
                command: None,
                rests_until: Instant::now(),
            });
        }
        let now = Instant::now();
        let due =
            |message: &&mut PendingMessage| message.command.is_none() && message.rests_until <= now;
        for message in self.pending.iter_mut().filter(due) {
            let body = format!("{} says this", message.cid);
            let d = json!({"room": message.room, "cid": message.cid, "body": body});
            message.command = Some(self.client.post("send", d).await);
            self.report.repeated += usize::from(message.tries > 0);
            message.tries += 1;
        }
    }

    /// Waits for the reply to the oldest message in flight; reconnects if the connection has ended.
    async fn advance(&mut self) {
        let under_way = self
            .pending
            .iter()
            .position(|message| message.command.is_some());
        let Some(mut message) = under_way.and_then(|place| self.pending.remove(place)) else {
            return self.rest().await;
        };
        let command = message.command.take().expect("the message is in flight");
        match self.client.outcome(command, PATIENCE).await {
            Outcome::Reply(Ok(ack)) => self.acknowledged(&message, &ack),
            Outcome::Reply(Err(refusal)) => {
                assert!(may_repeat(&refusal), "{}: {}", self.name, refusal.all);
                self.report.refused += 1;
                self.report.unknown += usize::from(refusal.name == "outcome_unknown");
                message.rests_until = Instant::now() + pause(&refusal);
                self.pending.push_back(message);
            }
            Outcome::End | Outcome::Nothing => {
                self.pending.push_front(message);
                self.come_back().await;
            }
        }
        self.client.forget();
    }

    /// Reads until a resend is due.
    async fn rest(&mut self) {
        let Some(until) = self.pending.iter().map(|message| message.rests_until).min() else {
            return;
        };
        let left = until.saturating_duration_since(Instant::now());
        self.client.idle(left.max(Duration::from_millis(1))).await;
        if self.client.has_ended() {
            self.come_back().await;
        }
        self.client.forget();
    }

    fn acknowledged(&mut self, message: &PendingMessage, ack: &Value) {
        let dup = ack["dup"] == true;
        assert!(
            !dup || message.tries > 1,
            "{} was sent once, and is a dup: {ack}",
            message.cid
        );
        self.report.dups += usize::from(dup);
        let seq = ack["seq"].as_i64().expect("seq is a number");
        self.acked
            .push((message.room.clone(), message.cid.clone(), seq));
        self.talk.acks.fetch_add(1, Ordering::Relaxed);
    }

    /// Reconnects, resumes and fills gaps; marks all unacknowledged messages for resending.
    async fn come_back(&mut self) {
        let resume = self.client.resume();
        self.report.cut += 1;
        for message in &mut self.pending {
            message.command = None;
            message.rests_until = Instant::now();
        }
        loop {
            let client = reconnect(&self.server, self.talk.through).await;
            let before = std::mem::replace(&mut self.client, client);
            self.report.slowest = self.report.slowest.max(before.slowest_send());
            let command = self.client.post("hello", resume.clone()).await;
            let ok = match self.client.outcome(command, PATIENCE).await {
                Outcome::Reply(Ok(ok)) => ok,
                Outcome::Reply(Err(refusal)) if may_repeat(&refusal) => {
                    tokio::time::sleep(pause(&refusal)).await;
                    continue;
                }
                Outcome::Reply(Err(why)) => panic!("{} may not resume: {}", self.name, why.all),
                Outcome::End | Outcome::Nothing => continue,
            };
            assert_eq!(ok["resumed"], true, "{} resumes", self.name);
            self.client.greeted(ok);
            if self.page_over_gaps(&resume).await {
                return;
            }
        }
    }

    /// Returns false if the connection ended again.
    async fn page_over_gaps(&mut self, resume: &Value) -> bool {
        let lines = self.client.greeting()["rooms"].clone();
        for (room, line) in lines.as_object().into_iter().flatten() {
            assert!(
                line["head"].is_i64(),
                "{} is still a member of {room}: {line}",
                self.name
            );
            let Some(end) = line["gap"][1].as_i64() else {
                continue;
            };
            let mut cursor = resume["cursors"][room]
                .as_i64()
                .expect("a cursor was given");
            while cursor < end {
                let d = json!({"room": room, "after": cursor, "limit": 200});
                let command = self.client.post("log", d).await;
                let page = match self.client.outcome(command, PATIENCE).await {
                    Outcome::Reply(Ok(page)) => page,
                    Outcome::Reply(Err(refusal)) if may_repeat(&refusal) => continue,
                    Outcome::Reply(Err(why)) => panic!("log is refused: {}", why.all),
                    Outcome::End | Outcome::Nothing => return false,
                };
                let last = page["entries"]
                    .as_array()
                    .and_then(|entries| entries.last());
                cursor = last.map_or(end, |entry| entry["seq"].as_i64().expect("a number"));
            }
        }
        true
    }
}

/// Connects as a guest and joins all rooms. Retries if the server dies meanwhile, with another name
/// if a lost connection still holds the old one.
async fn arrive(server: &Server, name: &str, talk: &ChatterConfig) -> Client {
    for attempt in 0.. {
        let mut client = reconnect(server, talk.through).await;
        let guest = json!({"guest": format!("{name}-{attempt}")});
        let command = client.post("hello", guest).await;
        match client.outcome(command, PATIENCE).await {
            Outcome::Reply(Ok(ok)) => client.greeted(ok),
            Outcome::Reply(Err(refusal))
                if refusal.name == "name_taken" || may_repeat(&refusal) =>
            {
                continue;
            }
            Outcome::Reply(Err(refusal)) => panic!("{name} is refused: {}", refusal.all),
            Outcome::End | Outcome::Nothing => continue,
        }
        if join_all(&mut client, &talk.rooms).await {
            return client;
        }
    }
    unreachable!("the loop ends by returning")
}

async fn join_all(client: &mut Client, rooms: &[String]) -> bool {
    for room in rooms {
        let command = client.post("join", json!({"room": room})).await;
        match client.outcome(command, PATIENCE).await {
            Outcome::Reply(Ok(_)) => {}
            Outcome::Reply(Err(refusal)) if may_repeat(&refusal) => return false,
            Outcome::Reply(Err(refusal)) => panic!("join is refused: {}", refusal.all),
            Outcome::End | Outcome::Nothing => return false,
        }
    }
    true
}

fn may_repeat(refusal: &Refusal) -> bool {
    refusal.all["retryable"] == true
}

/// Returns the pause that the server asks for.
fn pause(refusal: &Refusal) -> Duration {
    let asked = refusal.all["retry_after_ms"].as_u64().unwrap_or_default();
    Duration::from_millis(asked).min(REST)
}

/// Retries until the server is back.
async fn reconnect(server: &Server, through: Option<SocketAddr>) -> Client {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let address = through.unwrap_or_else(|| server.address());
        if let Some(client) = server.try_connect(address).await {
            return client;
        }
        assert!(Instant::now() < end, "the server did not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
