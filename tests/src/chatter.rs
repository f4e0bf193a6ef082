//! One person of a trial: talks, is refused or cut off, comes back, repeats what was not
//! acknowledged.

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

/// Whoever has heard nothing for so long takes the connection for dead. Longer than any reply may
/// take.
const PATIENCE: Duration = Duration::from_secs(8);

/// The longest rest before a repeat.
const REST: Duration = Duration::from_secs(1);

/// What a person does.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) rooms: Vec<String>,
    pub(crate) window: usize,
    /// The way to the server, if it is not the straight one.
    pub(crate) through: Option<SocketAddr>,
    pub(crate) stopped: watch::Receiver<bool>,
    /// Acknowledgements of all people so far.
    pub(crate) acks: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Chatter {
    server: Server,
    name: String,
    talk: Talk,
    client: Client,
    words: VecDeque<PendingMessage>,
    met: CrowdReport,
    acked: Vec<(String, String, i64)>,
}

/// A message on its way.
#[derive(Debug, Clone)]
struct PendingMessage {
    room: String,
    cid: String,
    tries: usize,
    command: Option<u64>,
    /// Not to be repeated before.
    rests_until: Instant,
}

impl Chatter {
    /// Enters, joins the rooms, and talks until it is told to stop and all is acknowledged.
    pub(crate) async fn enter(server: Server, name: String, talk: Talk) -> Self {
        let client = arrive(&server, &name, &talk).await;
        let mut chatter = Self {
            server,
            name,
            talk,
            client,
            words: VecDeque::new(),
            met: CrowdReport::default(),
            acked: Vec::new(),
        };
        while !(*chatter.talk.stopped.borrow() && chatter.words.is_empty()) {
            chatter.fill().await;
            chatter.advance().await;
        }
        chatter
    }

    pub(crate) fn rooms(&self) -> &[String] {
        &self.talk.rooms
    }

    /// What this person met with.
    pub(crate) fn add_to(&self, all: &mut CrowdReport) {
        all.sent += self.met.sent;
        all.repeated += self.met.repeated;
        all.dups += self.met.dups;
        all.refused += self.met.refused;
        all.unknown += self.met.unknown;
        all.cut += self.met.cut;
        let slowest = self.met.slowest.max(self.client.slowest_send());
        all.slowest = all.slowest.max(slowest);
    }

    /// Room, cid and `seq` of each acknowledged message.
    pub(crate) fn acked(&self) -> &[(String, String, i64)] {
        &self.acked
    }

    /// Reads until all entries up to these heads have come.
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

    /// Sends until the window is full, and again what has rested.
    async fn fill(&mut self) {
        while self.words.len() < self.talk.window && !*self.talk.stopped.borrow() {
            self.met.sent += 1;
            let room = self.talk.rooms[self.met.sent % self.talk.rooms.len()].clone();
            let cid = format!("{}-{:08}", self.name, self.met.sent);
            self.words.push_back(PendingMessage {
                room,
                cid,
                tries: 0,
                command: None,
                rests_until: Instant::now(),
            });
        }
        let now = Instant::now();
        let due = |word: &&mut PendingMessage| word.command.is_none() && word.rests_until <= now;
        for word in self.words.iter_mut().filter(due) {
            let body = format!("{} says this", word.cid);
            let d = json!({"room": word.room, "cid": word.cid, "body": body});
            word.command = Some(self.client.post("send", d).await);
            self.met.repeated += usize::from(word.tries > 0);
            word.tries += 1;
        }
    }

    /// Takes the reply to the oldest word under way, or comes back when the connection has ended.
    async fn advance(&mut self) {
        let under_way = self.words.iter().position(|word| word.command.is_some());
        let Some(mut word) = under_way.and_then(|place| self.words.remove(place)) else {
            return self.rest().await;
        };
        let command = word.command.take().expect("it is under way");
        match self.client.heard(command, PATIENCE).await {
            Outcome::Reply(Ok(ack)) => self.acknowledged(&word, &ack),
            Outcome::Reply(Err(refusal)) => {
                assert!(may_repeat(&refusal), "{}: {}", self.name, refusal.all);
                self.met.refused += 1;
                self.met.unknown += usize::from(refusal.name == "outcome_unknown");
                word.rests_until = Instant::now() + pause(&refusal);
                self.words.push_back(word);
            }
            Outcome::End | Outcome::Nothing => {
                self.words.push_front(word);
                self.come_back().await;
            }
        }
        self.client.forget();
    }

    /// Reads on until a word has rested.
    async fn rest(&mut self) {
        let Some(until) = self.words.iter().map(|word| word.rests_until).min() else {
            return;
        };
        let left = until.saturating_duration_since(Instant::now());
        self.client.idle(left.max(Duration::from_millis(1))).await;
        if self.client.has_ended() {
            self.come_back().await;
        }
        self.client.forget();
    }

    fn acknowledged(&mut self, word: &PendingMessage, ack: &Value) {
        let dup = ack["dup"] == true;
        assert!(
            !dup || word.tries > 1,
            "{} was sent once, and is a dup: {ack}",
            word.cid
        );
        self.met.dups += usize::from(dup);
        let seq = ack["seq"].as_i64().expect("seq is a number");
        self.acked.push((word.room.clone(), word.cid.clone(), seq));
        self.talk.acks.fetch_add(1, Ordering::Relaxed);
    }

    /// Connects again, resumes, pages over gaps; all that was not acknowledged is to be repeated.
    async fn come_back(&mut self) {
        let resume = self.client.resume();
        self.met.cut += 1;
        for word in &mut self.words {
            word.command = None;
            word.rests_until = Instant::now();
        }
        loop {
            let client = reconnect(&self.server, self.talk.through).await;
            let before = std::mem::replace(&mut self.client, client);
            self.met.slowest = self.met.slowest.max(before.slowest_send());
            let command = self.client.post("hello", resume.clone()).await;
            let ok = match self.client.heard(command, PATIENCE).await {
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

    /// False when the connection ended again.
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
                let page = match self.client.heard(command, PATIENCE).await {
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

/// A guest in all its rooms. The server may die at any moment of this too: a guest whose name is
/// still taken by its own lost connection tries the next.
async fn arrive(server: &Server, name: &str, talk: &Talk) -> Client {
    for attempt in 0.. {
        let mut client = reconnect(server, talk.through).await;
        let guest = json!({"guest": format!("{name}-{attempt}")});
        let command = client.post("hello", guest).await;
        match client.heard(command, PATIENCE).await {
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
        match client.heard(command, PATIENCE).await {
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

/// As long as the server asks for.
fn pause(refusal: &Refusal) -> Duration {
    let asked = refusal.all["retry_after_ms"].as_u64().unwrap_or_default();
    Duration::from_millis(asked).min(REST)
}

/// Tries until the server is there again.
async fn reconnect(server: &Server, through: Option<SocketAddr>) -> Client {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let address = through.unwrap_or_else(|| server.address());
        if let Some(client) = server.try_connect(address).await {
            return client;
        }
        assert!(Instant::now() < end, "the server came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
