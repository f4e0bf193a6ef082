//! The floor as a peer: the minimum cost of any chat server on this machine. One thread, rooms in
//! memory, each frame built once, one write per socket and turn; with a folder also one commit per
//! turn, before its messages are delivered. No authentication, and nothing is ever read back.

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

/// Batches smaller than this wait for more messages, as in a write lane of Parlor.
const BATCH_MIN: usize = 16;
const BATCH_WAIT: Duration = Duration::from_micros(1_200);

/// A message of this turn that is not delivered yet.
struct PendingMessage {
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
    next_token: usize,
    rooms: HashMap<String, Room>,
    store: Option<Store>,
    pending: Vec<PendingMessage>,
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
        floor.poll(&mut events, None)?;
        if floor.store.is_some() && !floor.pending.is_empty() && floor.pending.len() < BATCH_MIN {
            std::thread::sleep(BATCH_WAIT);
            floor.poll(&mut events, Some(Duration::ZERO))?;
        }
        floor.deliver()?;
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
            next_token: 0,
            rooms: HashMap::new(),
            store,
            pending: Vec::new(),
            dirty: Vec::new(),
        })
    }

    /// Waits until sockets are ready, then accepts and reads.
    fn poll(&mut self, events: &mut Events, within: Option<Duration>) -> anyhow::Result<()> {
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
            // A failed handshake ends its connection only.
            let Ok(mut client) = Client::handshake(stream) else {
                continue;
            };
            let both = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            registry.register(&mut client.stream, Token(self.next_token), both)?;
            self.clients.insert(self.next_token, client);
            self.next_token += 1;
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
                    self.handle(at, &text);
                }
                // The event may mean that the socket is writable again.
                self.dirty.push(at);
            }
            Err(Gone) => {
                self.clients.remove(&at);
            }
        }
    }

    /// Carries out a join, or keeps a message until the end of the turn.
    fn handle(&mut self, at: usize, text: &[u8]) {
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
        self.pending.push(PendingMessage {
            client: at,
            id,
            seq: room.seq,
            room: name,
            body: command["d"]["body"].take(),
        });
    }

    /// Stores the pending messages, then delivers them with one write per socket.
    fn deliver(&mut self) -> anyhow::Result<()> {
        if let Some(store) = &mut self.store
            && !self.pending.is_empty()
        {
            let rows = self.pending.iter().map(|message| {
                let body = message.body.as_str().unwrap_or_default();
                (&*message.room, message.seq, body)
            });
            store.commit(rows)?;
        }
        for message in self.pending.drain(..) {
            let (id, room, seq, body) = (message.id, message.room, message.seq, message.body);
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
            if let Some(client) = self.clients.get_mut(&message.client) {
                let reply = text_frame(&format!(r#"{{"id":{id},"ok":{{"seq":{seq}}}}}"#));
                client.queue.extend_from_slice(&reply);
                self.dirty.push(message.client);
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
