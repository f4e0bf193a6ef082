//! The floor as a peer: what any chat on this machine has to pay. One thread, rooms in memory, each
//! frame built once, each socket written to once a turn; with a folder also one commit a turn, before
//! anything of it is told. Nobody is asked who they are, nothing is ever read back.

mod client;
mod store;

use anyhow::Context as _;
use client::{Client, Gone, text_frame};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use serde_json::Value;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use store::Store;

const LISTENER: Token = Token(usize::MAX);

/// As a lane of Parlor does it: so few messages wait for company, so long.
const COMPANY: usize = 16;
const MOMENT: Duration = Duration::from_micros(1_200);

/// What somebody said in this turn.
struct Said {
    client: usize,
    id: Value,
    room: String,
    seq: u64,
    body: Value,
}

#[derive(Default)]
struct Room {
    seq: u64,
    members: Vec<usize>,
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    clients: HashMap<usize, Client>,
    met: usize,
    rooms: HashMap<String, Room>,
    store: Option<Store>,
    said: Vec<Said>,
    dirty: Vec<usize>,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().context("no port")?.parse()?;
    let folder = arguments.next();
    let store = folder.map(|folder| Store::open(Path::new(&folder)));
    let mut floor = Floor::listen(port, store.transpose()?)?;
    let mut events = Events::with_capacity(1_024);
    loop {
        floor.hear(&mut events, None)?;
        if floor.store.is_some() && !floor.said.is_empty() && floor.said.len() < COMPANY {
            std::thread::sleep(MOMENT);
            floor.hear(&mut events, Some(Duration::ZERO))?;
        }
        floor.tell()?;
    }
}

impl Floor {
    fn listen(port: u16, store: Option<Store>) -> anyhow::Result<Self> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut listener = TcpListener::bind(at)?;
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            clients: HashMap::new(),
            met: 0,
            rooms: HashMap::new(),
            store,
            said: Vec::new(),
            dirty: Vec::new(),
        })
    }

    /// Waits for sockets and reads what they have.
    fn hear(&mut self, events: &mut Events, within: Option<Duration>) -> anyhow::Result<()> {
        match self.poll.poll(events, within) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &*events {
            if event.token() == LISTENER {
                self.accept()?;
            } else {
                self.read(event.token().0);
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> anyhow::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            // Whoever does not shake hands concerns nobody else.
            let Ok(mut client) = Client::greet(stream) else {
                continue;
            };
            let both = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            registry.register(&mut client.stream, Token(self.met), both)?;
            self.clients.insert(self.met, client);
            self.met += 1;
        }
        Ok(())
    }

    fn read(&mut self, at: usize) {
        let Some(client) = self.clients.get_mut(&at) else {
            return;
        };
        match client.read() {
            Ok(texts) => {
                for text in texts {
                    self.obey(at, &text);
                }
                // It may have been writable that it told.
                self.dirty.push(at);
            }
            Err(Gone) => {
                self.clients.remove(&at);
            }
        }
    }

    /// Joins, or keeps what is to be sent until the end of the turn.
    fn obey(&mut self, at: usize, text: &[u8]) {
        let Ok(mut command) = serde_json::from_slice::<Value>(text) else {
            return;
        };
        let name = command["d"]["room"].as_str().unwrap_or_default().to_owned();
        let id = command["id"].take();
        let room = self.rooms.entry(name.clone()).or_default();
        if command["op"] == "join" {
            room.members.push(at);
            let joined = text_frame(&format!(r#"{{"id":{id},"ok":{{}}}}"#));
            if let Some(client) = self.clients.get_mut(&at) {
                client.queue.extend_from_slice(&joined);
            }
            return;
        }
        room.seq += 1;
        self.said.push(Said {
            client: at,
            id,
            seq: room.seq,
            room: name,
            body: command["d"]["body"].take(),
        });
    }

    /// Stores what was said, then tells everyone, one write each.
    fn tell(&mut self) -> anyhow::Result<()> {
        if let Some(store) = &mut self.store
            && !self.said.is_empty()
        {
            let rows = self.said.iter().map(|said| {
                let body = said.body.as_str().unwrap_or_default();
                (&*said.room, said.seq, body)
            });
            store.commit(rows)?;
        }
        for said in self.said.drain(..) {
            let (id, room, seq, body) = (said.id, said.room, said.seq, said.body);
            let entry = text_frame(&format!(
                r#"{{"ev":"entry","room":"{room}","d":{{"seq":{seq},"body":{body}}}}}"#
            ));
            let members = self.rooms.get(&room).map(|room| &room.members[..]);
            for member in members.unwrap_or_default() {
                if let Some(client) = self.clients.get_mut(member) {
                    client.queue.extend_from_slice(&entry);
                    self.dirty.push(*member);
                }
            }
            if let Some(client) = self.clients.get_mut(&said.client) {
                let reply = text_frame(&format!(r#"{{"id":{id},"ok":{{"seq":{seq}}}}}"#));
                client.queue.extend_from_slice(&reply);
                self.dirty.push(said.client);
            }
        }
        for at in self.dirty.drain(..) {
            if let Some(client) = self.clients.get_mut(&at)
                && client.write().is_err()
            {
                self.clients.remove(&at);
            }
        }
        Ok(())
    }
}
