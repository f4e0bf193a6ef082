//! A client of Socket.IO that checks what it hears: each entry of a room once and in order, also over
//! recoveries, and the same entries as all other clients of the store.

use super::engine_client::{EngineClient, EngineEnd, EngineMode};
use crate::seen_entries::SeenEntries;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// A client in the namespace `/`.
#[derive(Debug)]
pub struct SocketIoClient {
    engine: EngineClient,
    mode: EngineMode,
    auth: Value,
    seen: SeenEntries,
    pid: Value,
    offset: Value,
    /// The client continues where it was before.
    pub recovered: bool,
    events: VecDeque<(String, Value)>,
    acks: BTreeMap<u64, Value>,
    next_ack: u64,
    /// Per room the last entry, and the last of the messages under other names.
    entries: BTreeMap<String, i64>,
    messages: BTreeMap<(String, String), i64>,
}

/// How the connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEnd {
    /// The engine has ended: a stock client comes back by itself.
    Engine(EngineEnd),
    /// The server has sent DISCONNECT: a stock client does not.
    Disconnected,
    /// CONNECT was refused.
    Refused(Value),
}

impl From<EngineEnd> for ClientEnd {
    fn from(end: EngineEnd) -> Self {
        Self::Engine(end)
    }
}

impl SocketIoClient {
    /// Connects with this auth.
    ///
    /// # Errors
    /// If the server is away or refuses it.
    pub async fn connect(
        server: &Server,
        mode: EngineMode,
        auth: Value,
    ) -> Result<Self, ClientEnd> {
        let address = server.address();
        let mut client = Self {
            engine: EngineClient::open(address, mode).await?,
            mode,
            auth,
            seen: server.seen_entries(),
            pid: Value::Null,
            offset: Value::Null,
            recovered: false,
            events: VecDeque::new(),
            acks: BTreeMap::new(),
            next_ack: 0,
            entries: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        client.greet().await?;
        Ok(client)
    }

    /// Connects as a guest; fails the test if that is refused.
    pub async fn guest(server: &Server, mode: EngineMode, name: &str) -> Self {
        let connected = Self::connect(server, mode, json!({ "guest": name })).await;
        connected.unwrap_or_else(|end| panic!("{name} is not let in: {end:?}"))
    }

    /// Connects again, with the pid and offset of before, as a stock client does.
    ///
    /// # Errors
    /// If the server is away or refuses it.
    pub async fn come_back(&mut self, address: SocketAddr) -> Result<(), ClientEnd> {
        self.acks.clear();
        self.engine = EngineClient::open(address, self.mode).await?;
        self.greet().await
    }

    /// Cuts the connection.
    pub fn cut(&mut self) {
        self.engine.cut();
    }

    /// Returns what names the session when it comes back.
    #[must_use]
    pub fn place(&self) -> (String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&self.pid), text(&self.offset))
    }

    /// Goes back to an earlier offset, as if all since then had been lost on the way.
    pub fn rewind(&mut self, offset: &str, room: &str, entry: i64) {
        self.offset = json!(offset);
        self.entries.insert(room.to_owned(), entry);
        self.messages.retain(|(_, of), _| of != room);
        self.events.clear();
    }

    /// Returns the last entry that it has heard.
    #[must_use]
    pub fn entry(&self, room: &str) -> i64 {
        self.entries.get(room).copied().unwrap_or_default()
    }

    /// Emits an event without waiting for an acknowledgement.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn emit(&mut self, event: &str, argument: &Value) -> Result<(), ClientEnd> {
        let packet = format!("42{}", json!([event, argument]));
        Ok(self.engine.send(&packet).await?)
    }

    /// Emits an event; [`SocketIoClient::acknowledged`] waits for the acknowledgement.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn post(&mut self, event: &str, argument: &Value) -> Result<u64, ClientEnd> {
        let ack = self.next_ack;
        self.next_ack += 1;
        let packet = format!("42{ack}{}", json!([event, argument]));
        self.engine.send(&packet).await?;
        Ok(ack)
    }

    /// Waits for an acknowledgement.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn acknowledged(&mut self, ack: u64) -> Result<Value, ClientEnd> {
        loop {
            if let Some(answer) = self.acks.remove(&ack) {
                return Ok(answer);
            }
            self.hear().await?;
        }
    }

    /// Emits an event and returns its acknowledgement.
    pub async fn ask(&mut self, event: &str, argument: Value) -> Value {
        let ack = self.post(event, &argument).await;
        let ack = ack.expect("the client is connected");
        self.acknowledged(ack).await.expect("an acknowledgement")
    }

    /// Emits an event and returns the `ok` of its acknowledgement.
    pub async fn ok(&mut self, event: &str, argument: Value) -> Value {
        let answer = self.ask(event, argument).await;
        assert!(answer["err"].is_null(), "{event}: {answer}");
        answer["ok"].clone()
    }

    /// Waits for the next event of this name and returns its first argument; earlier ones of other names are
    /// dropped.
    pub async fn next(&mut self, name: &str) -> Value {
        loop {
            while let Some((event, argument)) = self.events.pop_front() {
                if event == name {
                    return argument;
                }
            }
            let heard = self.hear().await;
            heard.unwrap_or_else(|end| panic!("no {name}: {end:?}"));
        }
    }

    /// Returns the events that have come, and drops them.
    pub fn heard(&mut self) -> Vec<(String, Value)> {
        self.events.drain(..).collect()
    }

    /// Hears until it has this entry of a room.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn reach(&mut self, room: &str, seq: i64) -> Result<(), ClientEnd> {
        while self.entry(room) < seq {
            self.hear().await?;
        }
        Ok(())
    }

    /// Hears until the connection ends.
    pub async fn ended(&mut self) -> ClientEnd {
        loop {
            if let Err(end) = self.hear().await {
                return end;
            }
        }
    }

    /// Sends a packet as it is.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn raw(&mut self, packet: &str) -> Result<(), ClientEnd> {
        Ok(self.engine.send(packet).await?)
    }

    async fn greet(&mut self) -> Result<(), ClientEnd> {
        let mut auth = self.auth.clone();
        if !self.pid.is_null() {
            auth["pid"] = self.pid.clone();
            if !self.offset.is_null() {
                auth["offset"] = self.offset.clone();
            }
        }
        self.engine.send(&format!("40{auth}")).await?;
        let packet = loop {
            let packet = self.engine.recv().await?;
            if packet.starts_with("40") || packet.starts_with("44") {
                break packet;
            }
            self.handle(&packet)?;
        };
        let body: Value = serde_json::from_str(&packet[2..]).expect("JSON");
        if packet.starts_with("44") {
            return Err(ClientEnd::Refused(body));
        }
        self.recovered = !self.pid.is_null() && self.pid == body["pid"];
        self.pid = body["pid"].clone();
        if !self.recovered {
            self.entries.clear();
            self.messages.clear();
        }
        if self.mode == EngineMode::Upgrade {
            self.engine.upgrade().await?;
        }
        Ok(())
    }

    async fn hear(&mut self) -> Result<(), ClientEnd> {
        let packet = self.engine.recv().await?;
        self.handle(&packet)
    }

    fn handle(&mut self, packet: &str) -> Result<(), ClientEnd> {
        let message = packet.strip_prefix('4').expect("a message");
        match message.split_at(1) {
            ("1", _) => Err(ClientEnd::Disconnected),
            ("2", json) => {
                self.event(serde_json::from_str(json).expect("an event is JSON"));
                Ok(())
            }
            ("3", rest) => {
                let (id, json) = rest.split_at(rest.find('[').expect("a list"));
                let mut args: Vec<Value> = serde_json::from_str(json).expect("JSON");
                self.acks.insert(id.parse().expect("an id"), args.remove(0));
                Ok(())
            }
            ("4", _) => Ok(()),
            _ => panic!("no packet of a server: {packet}"),
        }
    }

    fn event(&mut self, mut args: Vec<Value>) {
        if args.len() > 2 && args.last().is_some_and(Value::is_string) {
            self.offset = args.pop().expect("an offset");
        }
        let name = args[0].as_str().expect("a name").to_owned();
        let argument = args.swap_remove(1);
        match name.as_str() {
            "entry" => self.check_entry(&argument),
            "new_message" | "message" => self.check_message(&name, &argument),
            "gone" => {
                let room = argument["room"].as_str().expect("a room");
                self.entries.remove(room);
            }
            _ => {}
        }
        self.events.push_back((name, argument));
    }

    fn check_entry(&mut self, entry: &Value) {
        let room = entry["room"].as_str().expect("a room").to_owned();
        let seq = entry["seq"].as_i64().expect("a seq");
        let mut bare = entry.clone();
        bare.as_object_mut().expect("an object").remove("room");
        let saw = self.seen.saw(&room, &bare);
        saw.unwrap_or_else(|why| panic!("{why}"));
        if let Some(last) = self.entries.insert(room.clone(), seq) {
            assert_eq!(
                seq,
                last + 1,
                "each entry of {room} comes once and in order"
            );
        }
    }

    fn check_message(&mut self, name: &str, message: &Value) {
        let room = message["room"].as_str().expect("a room").to_owned();
        let seq = message["seq"].as_i64().expect("a seq");
        let last = self.messages.insert((name.to_owned(), room.clone()), seq);
        assert!(
            last < Some(seq),
            "each {name} of {room} comes once: {last:?}, then {seq}"
        );
        assert_eq!(self.entry(&room), seq, "after its entry");
    }
}
