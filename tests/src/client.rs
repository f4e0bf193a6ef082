//! A client of `parlor.v1` that checks every frame it receives.
//!
//! It reads only while a test waits for something, so that nothing happens unnoticed. A breach of
//! the contract panics with the last frames of the connection.

mod hearing;

use crate::breakable_stream::BreakableStream;
use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::seen_entries::SeenEntries;
use crate::server::Dial;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

/// Longest wait for something that must happen at once; generous, since only a failure uses it up.
pub const LIMIT: Duration = Duration::from_secs(60);

const TRAIL: usize = 60;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame; `None` if the connection ended without one.
    pub code: Option<u16>,
    /// The reason in the close frame.
    pub reason: String,
}

/// The outcome of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The server replied.
    Reply(Result<Value, Refusal>),
    /// The connection ended before a reply.
    End,
    /// No frame arrived within the time limit.
    Nothing,
}

/// A command in flight.
#[derive(Debug)]
struct PendingCommand {
    op: String,
    d: Value,
    at: Instant,
}

/// One connection to the server.
#[derive(Debug)]
pub struct Client {
    stream: WebSocketStream<BreakableStream>,
    label: String,
    seen_entries: SeenEntries,
    ledger: Ledger,
    next_id: u64,
    unanswered: HashMap<u64, PendingCommand>,
    slowest_send: Duration,
    replies: HashMap<u64, Result<Value, Refusal>>,
    strays: VecDeque<Refusal>,
    pushes: VecDeque<Value>,
    closed: Option<Closed>,
    trail: VecDeque<String>,
    greeting: Value,
}

impl Client {
    pub(crate) fn new(
        stream: WebSocketStream<BreakableStream>,
        seen_entries: SeenEntries,
        dial: &Dial,
    ) -> Self {
        Self {
            stream,
            label: dial.label(),
            seen_entries,
            ledger: Ledger::default(),
            next_id: 1,
            unanswered: HashMap::new(),
            slowest_send: Duration::ZERO,
            replies: HashMap::new(),
            strays: VecDeque::new(),
            pushes: VecDeque::new(),
            closed: None,
            trail: VecDeque::new(),
            greeting: Value::Null,
        }
    }

    /// Sends `hello`; keeps an `ok` reply as the [`greeting`](Self::greeting).
    pub async fn hello(&mut self, d: Value) -> Result<Value, Refusal> {
        let answer = self.call("hello", d).await;
        if let Ok(ok) = &answer {
            self.greeted(ok.clone());
        }
        answer
    }

    /// Keeps the reply to a `hello` that was sent with [`post`](Self::post).
    pub fn greeted(&mut self, ok: Value) {
        if let Some(name) = ok["user"]["name"].as_str() {
            name.clone_into(&mut self.label);
        }
        self.greeting = ok;
    }

    /// Drops the pushes received so far.
    pub(crate) fn forget(&mut self) {
        self.pushes.clear();
    }

    /// Returns the reply to the last successful `hello`.
    #[must_use]
    pub fn greeting(&self) -> &Value {
        &self.greeting
    }

    /// Returns this user as the server named it.
    #[must_use]
    pub fn user(&self) -> &Value {
        &self.greeting["user"]
    }

    /// Returns this user's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.greeting["user"]["id"]
            .as_str()
            .expect("hello was sent")
    }

    /// Returns this session's token.
    #[must_use]
    pub fn token(&self) -> String {
        self.greeting["token"]
            .as_str()
            .expect("hello was sent")
            .to_owned()
    }

    /// Returns the `hello` that resumes from this connection's cursors.
    #[must_use]
    pub fn resume(&self) -> Value {
        let cursors: Value = self.ledger.cursors().collect();
        json!({"token": self.token(), "epoch": self.greeting["epoch"], "cursors": cursors})
    }

    /// Returns the last `seq` that this connection has received of a room.
    #[must_use]
    pub fn cursor(&self, room: &str) -> i64 {
        self.ledger
            .cursor(room)
            .expect("the connection is subscribed to the room")
    }

    /// Sends a command without waiting for its reply.
    pub async fn post(&mut self, op: &str, d: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let frame = json!({"id": id, "op": op, "d": d}).to_string();
        self.expects(id, op, d);
        self.text(&frame).await;
        id
    }

    /// Writes a text frame unchanged.
    pub async fn text(&mut self, text: &str) {
        self.note(format!("> {text}"));
        self.frame(Message::text(text)).await;
    }

    /// Writes any frame. A lost connection shows only when it is read.
    pub async fn frame(&mut self, message: Message) {
        let _ = tokio::time::timeout(LIMIT, self.stream.send(message)).await;
    }

    /// Waits for the reply to a posted command.
    pub async fn reply(&mut self, id: u64) -> Result<Value, Refusal> {
        self.until("a reply", LIMIT, |client| client.replies.remove(&id))
            .await
    }

    /// Waits for the reply to a posted command, or for the close of the connection.
    pub async fn reply_or_close(&mut self, id: u64) -> Result<Result<Value, Refusal>, Closed> {
        loop {
            if let Some(reply) = self.replies.remove(&id) {
                return Ok(reply);
            }
            if let Some(closed) = &self.closed {
                return Err(closed.clone());
            }
            self.read_one("a reply", LIMIT).await;
        }
    }

    /// Waits for the outcome of a posted command.
    pub(crate) async fn outcome(&mut self, id: u64, patience: Duration) -> Outcome {
        loop {
            if let Some(reply) = self.replies.remove(&id) {
                return Outcome::Reply(reply);
            }
            if self.closed.is_some() {
                return Outcome::End;
            }
            let next = tokio::time::timeout(patience, self.stream.next());
            let Ok(message) = next.await else {
                return Outcome::Nothing;
            };
            self.got(message);
        }
    }

    /// Returns the longest time that a send of this connection waited for its reply.
    pub(crate) fn slowest_send(&self) -> Duration {
        self.slowest_send
    }

    /// Sends a command and waits for its reply.
    pub async fn call(&mut self, op: &str, d: Value) -> Result<Value, Refusal> {
        let id = self.post(op, d).await;
        self.reply(id).await
    }

    /// Sends a command that must succeed, and returns its `ok`.
    pub async fn ok(&mut self, op: &str, d: Value) -> Value {
        match self.call(op, d.clone()).await {
            Ok(ok) => ok,
            Err(refusal) => self.fail(&format!("{op} {d} was refused: {}", refusal.all)),
        }
    }

    /// Creates a public room and joins it.
    pub async fn open(&mut self, room: &str) {
        self.ok("room.create", json!({"name": room, "kind": "public"}))
            .await;
        self.ok("join", json!({"room": room})).await;
    }

    /// Sends a message with a new `cid` and returns the acknowledgement.
    pub async fn say(&mut self, room: &str, body: &str) -> Value {
        let cid = format!("{:032x}", rand::random::<u128>());
        self.ok("send", json!({"room": room, "cid": cid, "body": body}))
            .await
    }

    /// Sends a command that must be refused with this name.
    pub async fn refused(&mut self, op: &str, d: Value, name: &str) -> Refusal {
        match self.call(op, d.clone()).await {
            Err(refusal) if refusal.name == name => refusal,
            Err(other) => self.fail(&format!("{op} {d}: {} rather than {name}", other.all)),
            Ok(ok) => self.fail(&format!("{op} {d}: {ok} rather than {name}")),
        }
    }

    /// Waits for the next `err` without an id, which answers a frame whose id could not be read.
    pub async fn stray(&mut self) -> Refusal {
        self.until("an err with id null", LIMIT, |client| {
            client.strays.pop_front()
        })
        .await
    }

    /// Waits for the next push of this kind in this room (`""`: in no room) and returns its `d`;
    /// keeps other pushes.
    pub async fn push(&mut self, event: &str, room: &str) -> Value {
        self.push_within(event, room, LIMIT).await
    }

    /// Like [`push`](Self::push), with its own time limit.
    pub async fn push_within(&mut self, event: &str, room: &str, within: Duration) -> Value {
        self.push_where(event, room, within, |_| true).await
    }

    /// Waits for the next push of this kind in this room that satisfies a condition; keeps other
    /// pushes.
    pub async fn push_where(
        &mut self,
        event: &str,
        room: &str,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let what = format!("a push {event} of {room:?}");
        self.until(&what, within, |client| client.take(event, room, &wanted))
            .await
    }

    /// Waits for the next entry of this kind in this room; keeps entries of other kinds.
    pub async fn entry(&mut self, room: &str, kind: &str) -> Value {
        self.push_where("entry", room, LIMIT, |entry| entry["kind"] == kind)
            .await
    }

    /// Returns all pushes of this kind in this room that have arrived so far.
    pub fn pushed(&mut self, event: &str, room: &str) -> Vec<Value> {
        std::iter::from_fn(|| self.take(event, room, &|_| true)).collect()
    }

    /// Reads until this entry of a room has arrived.
    pub async fn reach(&mut self, room: &str, seq: i64) {
        let what = format!("entry {seq} of {room}");
        self.until(&what, LIMIT, |client| {
            (client.ledger.cursor(room) >= Some(seq)).then_some(())
        })
        .await;
    }

    /// Reads until every earlier event has arrived: sends an entry to `general`, which the bus
    /// delivers after all of them.
    pub async fn settle(&mut self) {
        let visits = self.ledger.cursor("general").is_none();
        if visits {
            self.ok("join", json!({"room": "general"})).await;
        }
        let cid = format!("settle-{}", rand::random::<u64>());
        self.ok(
            "send",
            json!({"room": "general", "cid": cid, "body": "settled"}),
        )
        .await;
        self.push_where("entry", "general", LIMIT, |entry| {
            entry["cid"] == cid.as_str()
        })
        .await;
        if visits {
            self.ok("leave", json!({"room": "general"})).await;
        }
    }

    /// Reads until the connection ends or nothing has arrived for a second.
    pub async fn drain(&mut self) {
        while self.closed.is_none() {
            let next = tokio::time::timeout(Duration::from_secs(1), self.stream.next());
            let Ok(message) = next.await else { return };
            self.got(message);
        }
    }

    /// Waits for the server to close the connection.
    pub async fn closed(&mut self) -> Closed {
        self.closed_within(LIMIT).await
    }

    /// Like [`closed`](Self::closed), with its own time limit.
    pub async fn closed_within(&mut self, within: Duration) -> Closed {
        self.until("a close", within, |client| client.closed.clone())
            .await
    }

    /// Returns whether the connection is known to have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.closed.is_some()
    }

    /// Closes with this code and waits for the connection to end.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.frame(Message::Close(Some(frame))).await;
        self.closed().await;
    }

    /// Drops the connection without a close frame.
    pub fn vanish(self) {
        drop(self);
    }

    /// Breaks the connection after this many more bytes have arrived.
    pub fn break_after(&mut self, bytes: usize) {
        self.stream.get_mut().break_after(bytes);
    }

    /// Reads for a while, so that pings are answered meanwhile.
    pub async fn idle(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while self.closed.is_none() {
            let Ok(message) = tokio::time::timeout_at(end, self.stream.next()).await else {
                return;
            };
            self.got(message);
        }
    }

    /// Checks the entries of a `log` or `join` page against those that other clients have seen.
    pub(crate) fn saw(&mut self, room: &str, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            if let Err(why) = self.seen_entries.saw(room, entry) {
                self.fail(&why);
            }
        }
    }

    async fn until<T>(
        &mut self,
        what: &str,
        within: Duration,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let end = tokio::time::Instant::now() + within;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if let Some(closed) = self.closed.clone() {
                self.fail(&format!("closed ({closed:?}) while waiting for {what}"));
            }
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            self.read_one(what, left).await;
        }
    }

    async fn read_one(&mut self, what: &str, within: Duration) {
        match tokio::time::timeout(within, self.stream.next()).await {
            Ok(message) => self.got(message),
            Err(_) => self.fail(&format!("{what} did not come")),
        }
    }

    /// Registers a command that the test writes itself.
    pub fn expects(&mut self, id: u64, op: &str, d: Value) {
        let asked = PendingCommand {
            op: op.to_owned(),
            d,
            at: Instant::now(),
        };
        self.unanswered.insert(id, asked);
    }

    fn take(&mut self, event: &str, room: &str, wanted: &dyn Fn(&Value) -> bool) -> Option<Value> {
        let place = self.pushes.iter().position(|push| {
            push["ev"] == event
                && push["room"].as_str().unwrap_or_default() == room
                && wanted(&push["d"])
        })?;
        self.pushes.remove(place).map(|mut push| push["d"].take())
    }

    fn note(&mut self, line: String) {
        if self.trail.len() == TRAIL {
            self.trail.pop_front();
        }
        self.trail.push_back(line);
    }

    fn fail(&self, why: &str) -> ! {
        let trail: Vec<&str> = self.trail.iter().map(|line| shortened(line)).collect();
        panic!("{}: {why}\n  {}", self.label, trail.join("\n  "))
    }
}

fn shortened(line: &str) -> &str {
    match line.char_indices().nth(400) {
        Some((end, _)) => &line[..end],
        None => line,
    }
}
