//! The clients, connected and in their rooms before the measurement starts.

use crate::client::Client;
use crate::connection::Connection;
use crate::frame::Opcode;
use crate::plan::Completion;
use crate::protocol::Protocol;
use crate::rooms;
use crate::socket::Socket;
use crate::target::Target;
use anyhow::Context;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Connections opened concurrently.
const AT_ONCE: usize = 64;

/// In rooms with more members than this, everyone joins during a short visit first: otherwise each
/// join is pushed to all who are connected, which takes longer than the measurement.
const VISIT_ABOVE: usize = 200;

/// How many rooms, members and publishers there are.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
    /// Publishers in each room.
    pub(crate) publishers: usize,
    /// Percentage of members that never read; publishers always do.
    pub(crate) stalled_percent: usize,
}

impl Layout {
    pub(crate) const fn new(rooms: usize, members: usize, publishers: usize) -> Self {
        Self {
            rooms,
            members,
            publishers,
            stalled_percent: 0,
        }
    }

    pub(crate) const fn connections(&self) -> usize {
        self.rooms * self.members
    }

    pub(crate) const fn stalled(&self) -> usize {
        self.members * self.stalled_percent / 100
    }
}

/// What a client needs to resume.
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) epoch: String,
}

pub(crate) struct Fleet {
    layout: Layout,
    names: Vec<String>,
    /// Room by room, publishers first, stalled readers last.
    clients: Vec<Client>,
}

impl Fleet {
    /// Creates the rooms, connects all clients and joins their rooms.
    pub(crate) async fn connect(target: &Target, layout: Layout) -> anyhow::Result<Self> {
        let run = rooms::unique("g");
        if target.peer.is_parlor() {
            rooms::create(&target.address, &run, layout.rooms).await?;
        }
        let names: Vec<String> = (0..layout.rooms).map(|n| format!("{run}-{n}")).collect();
        let visited = layout.members > VISIT_ABOVE && target.peer.is_parlor();
        let count = layout.connections();
        let mut found: Vec<Option<Client>> = Vec::new();
        found.resize_with(count, || None);
        let mut tokens = vec![String::new(); count];
        if visited {
            let mut visits = JoinSet::new();
            for at in 0..count {
                let visit = visit(
                    target.address.clone(),
                    format!("{run}-v-{at}"),
                    room(&names, layout, at),
                );
                visits.spawn(async move { Ok::<_, anyhow::Error>((at, visit.await?)) });
                if visits.len() >= AT_ONCE {
                    let (at, token) = visits.join_next().await.context("none left")???;
                    tokens[at] = token;
                }
                progress("visited", at, count);
            }
            while let Some(visit) = visits.join_next().await {
                let (at, token) = visit??;
                tokens[at] = token;
            }
        }
        let mut arriving = JoinSet::new();
        for (at, token) in tokens.into_iter().enumerate() {
            let (address, protocol) = (target.address.clone(), target.peer.protocol());
            let (name, room) = (format!("{run}-m-{at}"), room(&names, layout, at));
            arriving.spawn(async move {
                let client = if token.is_empty() {
                    enter(&address, protocol, &name, &room).await?.0
                } else {
                    reconnect(&address, protocol, &token).await?
                };
                Ok::<_, anyhow::Error>((at, client))
            });
            if arriving.len() >= AT_ONCE {
                let (at, client) = arriving.join_next().await.context("none left")???;
                found[at] = Some(client);
            }
            progress("connected", at, count);
        }
        while let Some(arrived) = arriving.join_next().await {
            let (at, client) = arrived??;
            found[at] = Some(client);
        }
        Ok(Self {
            layout,
            names,
            clients: found.into_iter().flatten().collect(),
        })
    }

    /// Returns the keys of the rooms.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Removes the stalled readers from each room and returns them; nothing reads from them again.
    pub(crate) fn take_stalled(&mut self) -> Vec<Client> {
        let reading = self.layout.members - self.layout.stalled();
        let mut stalled = Vec::new();
        let mut rest = Vec::new();
        for (at, client) in std::mem::take(&mut self.clients).into_iter().enumerate() {
            match at % self.layout.members {
                place if place < reading => rest.push(client),
                _ => stalled.push(client),
            }
        }
        self.layout.members = reading;
        self.layout.stalled_percent = 0;
        self.clients = rest;
        stalled
    }

    /// Divides the connections among `threads` event loops, all of a room in the same one.
    pub(crate) fn into_connections(
        self,
        threads: usize,
        completion: Completion,
    ) -> anyhow::Result<Vec<Vec<Connection>>> {
        let mut shares: Vec<Vec<Connection>> = Vec::new();
        shares.resize_with(threads.min(self.layout.rooms).max(1), Vec::new);
        let count = shares.len();
        for (at, client) in self.clients.into_iter().enumerate() {
            let (room, place) = (at / self.layout.members, at % self.layout.members);
            let (stream, rest) = client.into_parts()?;
            let publisher = (place < self.layout.publishers).then_some(place as u64);
            let socket = Socket::new(stream, rest)?;
            let readers = self.layout.members as u64;
            let connection =
                Connection::new(socket, &self.names[room], readers, publisher, completion);
            shares[room % count].push(connection);
        }
        Ok(shares)
    }
}

fn room(names: &[String], layout: Layout, at: usize) -> String {
    names[at / layout.members].clone()
}

fn progress(what: &str, at: usize, count: usize) {
    if at % 1_000 == 999 {
        eprintln!("{what} {} of {count}", at + 1);
    }
}

/// Connects and joins a room, by the steps that the protocol requires.
pub(crate) async fn enter(
    address: &str,
    protocol: Protocol,
    name: &str,
    room: &str,
) -> anyhow::Result<(Client, Option<Session>)> {
    let mut client = Client::connect(address, protocol).await?;
    let mut session = None;
    match protocol {
        Protocol::Parlor => {
            let hello = json!({ "guest": name }).to_string();
            session = Some(Session::of(&client.call("hello", &hello).await?)?);
            let join = json!({ "room": room, "limit": 1 }).to_string();
            client.reply("join", &join).await?;
        }
        Protocol::Json => {
            let join = json!({ "room": room }).to_string();
            client.reply("join", &join).await?;
        }
        Protocol::ParlorSocketIo => {
            client.await_payload("0").await?;
            let connect = json!({ "guest": name, "events": "native" });
            let connect = format!("40{connect}");
            client.exchange(Opcode::Text, &connect, "40").await?;
            let join = json!(["join", { "room": room, "limit": 1 }]);
            let join = format!("421{join}");
            client.exchange(Opcode::Text, &join, "431").await?;
        }
        Protocol::SocketIo => {
            client.await_payload("0").await?;
            client.exchange(Opcode::Text, "40", "40").await?;
            let join = format!(r#"421["join","{room}"]"#);
            client.exchange(Opcode::Text, &join, "431").await?;
        }
        Protocol::Nats => {
            client.await_payload("INFO").await?;
            let connect =
                "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nPING\r\n";
            client.exchange(Opcode::Binary, connect, "PONG").await?;
            let subscribe = format!("SUB {room} 1\r\nPING\r\n");
            client.exchange(Opcode::Binary, &subscribe, "PONG").await?;
        }
        Protocol::Centrifugo => {
            let connected = r#"{"id":1,"connect""#;
            client
                .exchange(Opcode::Text, r#"{"id":1,"connect":{}}"#, connected)
                .await?;
            let subscribe = format!(r#"{{"id":2,"subscribe":{{"channel":"{room}"}}}}"#);
            let subscribed = r#"{"id":2,"subscribe""#;
            client
                .exchange(Opcode::Text, &subscribe, subscribed)
                .await?;
        }
    }
    Ok((client, session))
}

impl Session {
    fn of(hello: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            token: hello["token"].as_str().context("no token")?.to_owned(),
            epoch: hello["epoch"].as_str().context("no epoch")?.to_owned(),
        })
    }
}

/// Joins a room, disconnects, and returns the session's token.
async fn visit(address: String, name: String, room: String) -> anyhow::Result<String> {
    let (_, session) = enter(&address, Protocol::Parlor, &name, &room).await?;
    Ok(session.context("no token")?.token)
}

/// Reconnects with a token, subscribed to every room of the session's user from its head.
pub(crate) async fn reconnect(
    address: &str,
    protocol: Protocol,
    token: &str,
) -> anyhow::Result<Client> {
    let mut client = Client::connect(address, protocol).await?;
    if protocol == Protocol::ParlorSocketIo {
        client.await_payload("0").await?;
        let connect = json!({ "token": token, "events": "native" });
        let connect = format!("40{connect}");
        client.exchange(Opcode::Text, &connect, "40").await?;
        client.await_payload(r#"42["resumed""#).await?;
        return Ok(client);
    }
    let hello = json!({ "token": token, "subscribe": "all" }).to_string();
    client.queue("hello", &hello);
    client.flush().await?;
    // The reply to hello comes before it, perhaps in the same read.
    client.await_payload(r#"{"ev":"resumed""#).await?;
    Ok(client)
}
