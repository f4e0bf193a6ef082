//! Everyone who is connected and in a room before the clock starts.

use crate::client::Client;
use crate::dialect::Dialect;
use crate::frame::Opcode;
use crate::plan::Goal;
use crate::rooms;
use crate::seat::Seat;
use crate::target::Target;
use crate::wire::Wire;
use anyhow::Context;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Connections that are being opened at once.
const AT_ONCE: usize = 64;

/// Above so many members a room is entered by short visits first: otherwise each one who enters is
/// told to all who sit there, which takes longer than the measurement.
const VISITED: usize = 200;

/// How many, where, and who of them publishes.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
    /// Publishers in each room.
    pub(crate) publishers: usize,
    /// Of a hundred members so many never read; publishers always do.
    pub(crate) stalled_percent: usize,
}

impl Shape {
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

/// What it takes to come back.
pub(crate) struct Ticket {
    pub(crate) token: String,
    pub(crate) epoch: String,
}

pub(crate) struct Crowd {
    shape: Shape,
    names: Vec<String>,
    /// Room by room, publishers first, those who stall last.
    clients: Vec<Client>,
}

impl Crowd {
    /// Makes the rooms, connects everyone and has them enter.
    pub(crate) async fn seat(target: &Target, shape: Shape) -> anyhow::Result<Self> {
        let run = rooms::unique("g");
        if target.peer.dialect() == Dialect::Parlor {
            rooms::create(&target.address, &run, shape.rooms).await?;
        }
        let names: Vec<String> = (0..shape.rooms).map(|n| format!("{run}-{n}")).collect();
        let visited = shape.members > VISITED && target.peer.dialect() == Dialect::Parlor;
        let count = shape.connections();
        let mut found: Vec<Option<Client>> = Vec::new();
        found.resize_with(count, || None);
        let mut tokens = vec![String::new(); count];
        if visited {
            let mut visits = JoinSet::new();
            for at in 0..count {
                let visit = visit(
                    target.address.clone(),
                    format!("{run}-v-{at}"),
                    room(&names, shape, at),
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
            let (address, dialect) = (target.address.clone(), target.peer.dialect());
            let (name, room) = (format!("{run}-m-{at}"), room(&names, shape, at));
            arriving.spawn(async move {
                let client = if token.is_empty() {
                    enter(&address, dialect, &name, &room).await?.0
                } else {
                    come_back(&address, &token).await?
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
            shape,
            names,
            clients: found.into_iter().flatten().collect(),
        })
    }

    /// The keys of the rooms.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Takes from each room its stalled readers: connections that nobody reads any more.
    pub(crate) fn take_stalled(&mut self) -> Vec<Client> {
        let reading = self.shape.members - self.shape.stalled();
        let mut stalled = Vec::new();
        let mut rest = Vec::new();
        for (at, client) in std::mem::take(&mut self.clients).into_iter().enumerate() {
            match at % self.shape.members {
                place if place < reading => rest.push(client),
                _ => stalled.push(client),
            }
        }
        self.shape.members = reading;
        self.shape.stalled_percent = 0;
        self.clients = rest;
        stalled
    }

    /// For the hot loops: a room's seats all in one of them.
    pub(crate) fn into_seats(self, threads: usize, goal: Goal) -> anyhow::Result<Vec<Vec<Seat>>> {
        let mut shares: Vec<Vec<Seat>> = Vec::new();
        shares.resize_with(threads.min(self.shape.rooms).max(1), Vec::new);
        let count = shares.len();
        for (at, client) in self.clients.into_iter().enumerate() {
            let (room, place) = (at / self.shape.members, at % self.shape.members);
            let (stream, rest) = client.into_parts()?;
            let publisher = (place < self.shape.publishers).then_some(place as u64);
            let wire = Wire::new(stream, rest)?;
            let readers = self.shape.members as u64;
            let seat = Seat::new(wire, &self.names[room], readers, publisher, goal);
            shares[room % count].push(seat);
        }
        Ok(shares)
    }
}

fn room(names: &[String], shape: Shape, at: usize) -> String {
    names[at / shape.members].clone()
}

fn progress(what: &str, at: usize, count: usize) {
    if at % 1_000 == 999 {
        eprintln!("{what} {} of {count}", at + 1);
    }
}

/// Connects and enters a room, by whatever steps the server asks for.
pub(crate) async fn enter(
    address: &str,
    dialect: Dialect,
    name: &str,
    room: &str,
) -> anyhow::Result<(Client, Option<Ticket>)> {
    let mut client = Client::connect(address, dialect).await?;
    let mut ticket = None;
    match dialect {
        Dialect::Parlor => {
            let hello = json!({ "guest": name }).to_string();
            ticket = Some(Ticket::of(&client.call("hello", &hello).await?)?);
            let join = json!({ "room": room, "limit": 1 }).to_string();
            client.reply("join", &join).await?;
        }
        Dialect::Json => {
            let join = json!({ "room": room }).to_string();
            client.reply("join", &join).await?;
        }
        Dialect::SocketIo => {
            client.await_payload("0").await?;
            client.exchange(Opcode::Text, "40", "40").await?;
            let join = format!(r#"421["join","{room}"]"#);
            client.exchange(Opcode::Text, &join, "431").await?;
        }
        Dialect::Nats => {
            client.await_payload("INFO").await?;
            let connect =
                "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nPING\r\n";
            client.exchange(Opcode::Binary, connect, "PONG").await?;
            let subscribe = format!("SUB {room} 1\r\nPING\r\n");
            client.exchange(Opcode::Binary, &subscribe, "PONG").await?;
        }
        Dialect::Centrifugo => {
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
    Ok((client, ticket))
}

impl Ticket {
    fn of(hello: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            token: hello["token"].as_str().context("no token")?.to_owned(),
            epoch: hello["epoch"].as_str().context("no epoch")?.to_owned(),
        })
    }
}

/// Becomes a member and goes; the session's token.
async fn visit(address: String, name: String, room: String) -> anyhow::Result<String> {
    let (_, ticket) = enter(&address, Dialect::Parlor, &name, &room).await?;
    Ok(ticket.context("no token")?.token)
}

/// Connects with a known token, subscribed to every room of the session's user from its head.
pub(crate) async fn come_back(address: &str, token: &str) -> anyhow::Result<Client> {
    let mut client = Client::connect(address, Dialect::Parlor).await?;
    let hello = json!({ "token": token, "subscribe": "all" }).to_string();
    client.queue("hello", &hello);
    client.flush().await?;
    // The reply before it may come in the same read.
    client.await_payload(r#"{"ev":"resumed""#).await?;
    Ok(client)
}
