//! One person of the kill -9 trial: talks, is cut off, comes back, repeats what was not
//! acknowledged.

use crate::client::{Client, LIMIT};
use crate::refusal::Refusal;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What a person does.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) rooms: Vec<String>,
    pub(crate) window: usize,
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
    words: VecDeque<Word>,
    sent: usize,
    repeated: usize,
    dups: usize,
    acked: Vec<(String, String, i64)>,
}

/// A message on its way.
#[derive(Debug, Clone)]
struct Word {
    room: String,
    cid: String,
    tries: usize,
    command: Option<u64>,
}

impl Chatter {
    /// Enters, joins the rooms, and talks until it is told to stop and all is acknowledged.
    pub(crate) async fn enter(server: Server, name: String, talk: Talk) -> Self {
        let client = arrive(&server, &name, &talk.rooms).await;
        let mut chatter = Self {
            server,
            name,
            talk,
            client,
            words: VecDeque::new(),
            sent: 0,
            repeated: 0,
            dups: 0,
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

    pub(crate) fn sent(&self) -> usize {
        self.sent
    }

    pub(crate) fn repeated(&self) -> usize {
        self.repeated
    }

    pub(crate) fn dups(&self) -> usize {
        self.dups
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

    /// Sends until the window is full.
    async fn fill(&mut self) {
        while self.words.len() < self.talk.window && !*self.talk.stopped.borrow() {
            self.sent += 1;
            let room = self.talk.rooms[self.sent % self.talk.rooms.len()].clone();
            let cid = format!("{}-{:08}", self.name, self.sent);
            self.words.push_back(Word {
                room,
                cid,
                tries: 0,
                command: None,
            });
        }
        for word in self.words.iter_mut().filter(|word| word.command.is_none()) {
            let body = format!("{} says this", word.cid);
            let d = json!({"room": word.room, "cid": word.cid, "body": body});
            word.command = Some(self.client.post("send", d).await);
            self.repeated += usize::from(word.tries > 0);
            word.tries += 1;
        }
    }

    /// Takes the reply to the oldest word, or comes back when the connection has ended.
    async fn advance(&mut self) {
        let Some(mut word) = self.words.pop_front() else {
            return;
        };
        let command = word.command.take().expect("a full window has been sent");
        match self.client.reply_or_close(command).await {
            Ok(Ok(ack)) => self.acknowledged(&word, &ack),
            Ok(Err(refusal)) => {
                assert!(may_repeat(&refusal), "{}: {}", self.name, refusal.all);
                self.words.push_back(word);
            }
            Err(_) => {
                self.words.push_front(word);
                self.come_back().await;
            }
        }
        self.client.forget();
    }

    fn acknowledged(&mut self, word: &Word, ack: &Value) {
        let dup = ack["dup"] == true;
        assert!(
            !dup || word.tries > 1,
            "{} was sent once, and is a dup: {ack}",
            word.cid
        );
        self.dups += usize::from(dup);
        let seq = ack["seq"].as_i64().expect("seq is a number");
        self.acked.push((word.room.clone(), word.cid.clone(), seq));
        self.talk.acks.fetch_add(1, Ordering::Relaxed);
    }

    /// Connects again, resumes, pages over gaps; all that was not acknowledged is to be repeated.
    async fn come_back(&mut self) {
        let resume = self.client.resume();
        for word in &mut self.words {
            word.command = None;
        }
        loop {
            self.client = reconnect(&self.server).await;
            let command = self.client.post("hello", resume.clone()).await;
            let Ok(answer) = self.client.reply_or_close(command).await else {
                continue;
            };
            let ok =
                answer.unwrap_or_else(|why| panic!("{} may not resume: {}", self.name, why.all));
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
                let Ok(page) = self.client.reply_or_close(command).await else {
                    return false;
                };
                let page = page.unwrap_or_else(|why| panic!("log is refused: {}", why.all));
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
async fn arrive(server: &Server, name: &str, rooms: &[String]) -> Client {
    for attempt in 0.. {
        let mut client = reconnect(server).await;
        let guest = json!({"guest": format!("{name}-{attempt}")});
        let command = client.post("hello", guest).await;
        match client.reply_or_close(command).await {
            Ok(Ok(ok)) => client.greeted(ok),
            Ok(Err(refusal)) if refusal.name == "name_taken" || may_repeat(&refusal) => continue,
            Ok(Err(refusal)) => panic!("{name} is refused: {}", refusal.all),
            Err(_) => continue,
        }
        if join_all(&mut client, rooms).await {
            return client;
        }
    }
    unreachable!("the loop ends by returning")
}

async fn join_all(client: &mut Client, rooms: &[String]) -> bool {
    for room in rooms {
        let command = client.post("join", json!({"room": room})).await;
        match client.reply_or_close(command).await {
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) if may_repeat(&refusal) => return false,
            Ok(Err(refusal)) => panic!("join is refused: {}", refusal.all),
            Err(_) => return false,
        }
    }
    true
}

fn may_repeat(refusal: &Refusal) -> bool {
    refusal.all["retryable"] == true
}

/// Tries until the server is there again.
async fn reconnect(server: &Server) -> Client {
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(client) = server.try_connect().await {
            return client;
        }
        assert!(tokio::time::Instant::now() < end, "the server came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
