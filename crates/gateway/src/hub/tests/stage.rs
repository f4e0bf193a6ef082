//! A hub under test, with sockets whose other end the test reads.

use crate::Limits;
use crate::connection::{Conn, FanoutWriters, ForeignSockets, Frame, OpenSockets, Peer, pair};
use crate::foreign_pushes::ForeignPushes;
use crate::hub::requests::{
    Attach, AttachResult, BeginJoin, DeliverPage, FinishHello, PageDelivered, RoomCursor,
};
use crate::hub::{Hub, JoinedInfo};
use crate::metrics::Metrics;
use crate::shared::Shared;
use bus::kit::Alone;
use bus::{Answers, Builder, Event, Handles, Request, Tasks};
use rooms::api::{
    Change, EntriesAppended, Entry, History, Kind, Membership, Role, RoomEntries, RoomId, RoomInfo,
    RoomKey, Seq,
};
use serde_json::{Value, json};
use sessions::api::{Caller, ConnectionId, SessionId, User, UserId};
use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(super) struct Stage {
    hub: Alone<Hub>,
    pub(super) shared: Arc<Shared>,
}

/// A connection and the bytes that its client has received.
pub(super) struct Socket {
    pub(super) conn: Arc<Conn>,
    client: std::net::TcpStream,
    bytes: Vec<u8>,
}

pub(super) fn user(name: &str) -> User {
    let mut id = [0; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    User {
        id: UserId(id),
        name: name.into(),
        guest: false,
    }
}

pub(super) fn caller(name: &str) -> Caller {
    let user = user(name);
    Caller {
        session: SessionId(user.id.0),
        user,
        admin: false,
    }
}

pub(super) fn key(room: &str) -> RoomKey {
    RoomKey(room.into())
}

pub(super) fn info(room: &str) -> Arc<RoomInfo> {
    Arc::new(RoomInfo {
        id: RoomId(1),
        key: key(room),
        title: room.to_owned(),
        topic: String::new(),
        kind: Kind::Public,
        history: History::All,
        pair: None,
    })
}

pub(super) fn message(text: &str) -> Change {
    Change::Message {
        cid: text.to_owned(),
        body: Some(text.to_owned()),
        reply_to: None,
        mentions: Vec::new(),
    }
}

pub(super) fn kicked(name: &str) -> Change {
    Change::Kicked {
        user: user(name),
        reason: None,
    }
}

pub(super) fn entry(seq: Seq, author: &str, change: Change) -> Arc<Entry> {
    Arc::new(Entry {
        room: RoomId(1),
        seq,
        author: user(author),
        at: 0,
        change,
    })
}

pub(super) fn member(name: &str, room: &str, head: Seq) -> Membership {
    Membership {
        user: user(name).id,
        room: info(room),
        role: Role::Member,
        head,
        visible_from: 1,
        answered: true,
        muted_until: None,
    }
}

/// Returns a frame that stands for a reply.
pub(super) fn reply(name: &str) -> Frame {
    Frame::json(&json!({ "reply": name }))
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(super) async fn with(limits: Limits) -> Self {
        let tasks = Tasks::new(CancellationToken::new());
        let builder = Builder::new(bus::Settings::default(), &tasks);
        let shared = Arc::new(Shared {
            bus: builder.bus(),
            tasks,
            online: Arc::default(),
            sockets: Arc::new(OpenSockets::new()),
            foreign_sockets: ForeignSockets::default(),
            writers: FanoutWriters::start(limits.fanout_writers),
            metrics: Metrics::new(std::iter::empty()),
            buckets: crate::rate_limit::Buckets::default(),
            rejections: Arc::default(),
            bus_admission: Arc::new(Semaphore::new(1)),
            foreign_pushes: ForeignPushes::default(),
            local_slots: Arc::new(Semaphore::new(0)),
            limits,
        });
        let hub = Alone::load(&shared).await.unwrap();
        Self { hub, shared }
    }

    pub(super) fn hub(&self) -> &Hub {
        self.hub.state()
    }

    pub(super) fn online(&self, user: UserId) -> bool {
        self.shared.online.read().contains(user)
    }

    /// Puts a socket into the list of all, as its task does.
    pub(super) fn register(&self, socket: &Socket) -> impl Drop + use<> {
        let peer = Peer::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let registration = self.shared.sockets.register(&socket.conn, peer, 1);
        registration.unwrap()
    }

    /// Handles an event and ends the turn.
    pub(super) fn send<E: Event>(&mut self, event: E)
    where
        Hub: Handles<E>,
    {
        self.hub.send(event);
        self.hub.turn_ended();
    }

    /// Handles a request and ends the turn.
    pub(super) async fn ask<R: Request>(&mut self, request: R) -> R::Answer
    where
        Hub: Answers<R>,
    {
        let answer = self.hub.ask(request).await.unwrap();
        self.hub.turn_ended();
        answer
    }

    pub(super) async fn socket(&self) -> Socket {
        let (stream, client) = pair().await;
        client.set_nonblocking(true).unwrap();
        let id = self.shared.sockets.next_id();
        let conn = Arc::new(Conn::new(id, stream, &self.shared.limits));
        Socket {
            conn,
            client,
            bytes: Vec::new(),
        }
    }

    pub(super) async fn attach(&mut self, name: &str, tab: &str, all: bool) -> Socket {
        let socket = self.socket().await;
        let attach = Attach {
            conn: Arc::clone(&socket.conn),
            caller: caller(name),
            tab: tab.to_owned(),
            all,
        };
        assert_eq!(self.ask(attach).await, AttachResult::Done);
        socket
    }

    pub(super) async fn open(
        &mut self,
        socket: &Socket,
        memberships: Vec<Membership>,
        cursors: &[(&str, Seq)],
    ) -> Vec<(RoomKey, Seq)> {
        let heads: HashMap<RoomKey, Seq> = memberships
            .iter()
            .map(|membership| (membership.room.key.clone(), membership.head))
            .collect();
        let rooms = cursors.iter().map(|(room, cursor)| {
            let (room, cursor) = (key(room), *cursor);
            let head = heads.get(&room).copied().unwrap_or(cursor);
            (room, RoomCursor { cursor, head })
        });
        let open = FinishHello {
            connection: socket.id(),
            memberships,
            rooms: rooms.collect(),
            invitations: Vec::new(),
            reply: reply("hello"),
        };
        self.ask(open).await
    }

    /// Connects a member of `room`, subscribed from its `head`.
    pub(super) async fn member(&mut self, name: &str, room: &str, head: Seq) -> Socket {
        let mut socket = self.attach(name, "", false).await;
        let memberships = vec![member(name, room, head)];
        let behind = self.open(&socket, memberships, &[(room, head)]).await;
        assert!(behind.is_empty(), "nothing was missed");
        assert_eq!(socket.take(), [json!({"reply": "hello"})]);
        socket
    }

    pub(super) fn append(&mut self, room: &str, entries: Vec<Arc<Entry>>) {
        let part = RoomEntries {
            room: info(room),
            entries,
        };
        self.send(EntriesAppended { rooms: vec![part] });
    }

    pub(super) async fn begin_join(&mut self, socket: &Socket, room: &str) {
        let begin_join = BeginJoin {
            connection: socket.id(),
            room: key(room),
        };
        self.ask(begin_join).await;
    }

    /// Sends the reply to a `join` that found the room at `head`.
    pub(super) async fn joined(&mut self, socket: &Socket, room: &str, head: Seq) -> PageDelivered {
        let found = JoinedInfo {
            info: info(room),
            role: Role::Member,
            count: 2,
            muted_until: None,
        };
        let advance = DeliverPage {
            connection: socket.id(),
            room: key(room),
            reply: Some(reply("join")),
            frames: Vec::new(),
            cursor: head,
            at_head: true,
            joined: Some(Box::new(found)),
        };
        self.ask(advance).await
    }

    /// Delivers a page of a replay: the entries after `after` up to `upto`.
    pub(super) async fn page(
        &mut self,
        socket: &Socket,
        room: &str,
        (after, upto): (Seq, Seq),
        at_head: bool,
    ) -> PageDelivered {
        let frames = (after + 1..=upto).map(|seq| {
            let room = key(room);
            let entry = entry(seq, "old", message("old"));
            Frame::json(&crate::wire::push::entry(&room, &entry))
        });
        let advance = DeliverPage {
            connection: socket.id(),
            room: key(room),
            reply: None,
            frames: frames.collect(),
            cursor: upto,
            at_head,
            joined: None,
        };
        self.ask(advance).await
    }
}

impl Socket {
    pub(super) fn id(&self) -> ConnectionId {
        self.conn.id
    }

    /// Returns the frames since the last call, close frames as `{"close":code}`.
    pub(super) fn take(&mut self) -> Vec<Value> {
        let mut buffer = [0; 4096];
        loop {
            match self.client.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        let mut frames = Vec::new();
        while let Some(frame) = self.frame() {
            frames.push(frame);
        }
        frames
    }

    fn frame(&mut self) -> Option<Value> {
        let [first, length, ..] = self.bytes[..] else {
            return None;
        };
        let (start, length) = match length {
            126 => {
                let length = u16::from_be_bytes(self.bytes.get(2..4)?.try_into().unwrap());
                (4, usize::from(length))
            }
            127 => panic!("no frame of the tests is that long"),
            length => (2, usize::from(length)),
        };
        let payload = self.bytes.get(start..start + length)?.to_vec();
        self.bytes.drain(..start + length);
        Some(if first == 0x88 {
            json!({ "close": u16::from_be_bytes(payload[..2].try_into().unwrap()) })
        } else {
            serde_json::from_slice(&payload).unwrap()
        })
    }

    /// Returns the frames since the last call in short: `entry 3`, `gone 4`, `join`, `close 4503`.
    pub(super) fn names(&mut self) -> Vec<String> {
        let name = |frame: Value| {
            if let Some(reply) = frame["reply"].as_str() {
                return reply.to_owned();
            }
            if let Some(code) = frame["close"].as_u64() {
                return format!("close {code}");
            }
            let d = &frame["d"];
            let seq = ["seq", "head", "from"]
                .iter()
                .find_map(|field| d[field].as_i64());
            let event = frame["ev"].as_str().unwrap();
            seq.map_or(event.to_owned(), |seq| format!("{event} {seq}"))
        };
        self.take().into_iter().map(name).collect()
    }
}
