//! The server without its sockets: sessions, rooms and messaging on one bus and one store.

use bus::{Bus, Context, Handles, LoadError, Request, Subscriber, Wiring};
use messaging::api::{MarkerMoved, Refusal};
use rooms::api::{EntriesAppended, Entry, Kind, Moderation, RoomKey};
use sessions::api::{Caller, ConnectionId, Hello, Proof};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough for anything here.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct House {
    bus: Bus,
    witness: Arc<Stated>,
    connections: AtomicU64,
}

/// What was stated, in order.
#[derive(Default)]
struct Stated {
    entries: Mutex<Vec<Arc<EntriesAppended>>>,
    moves: Mutex<Vec<Arc<MarkerMoved>>>,
}

impl House {
    pub(crate) fn key(name: &str) -> RoomKey {
        RoomKey(Arc::from(name))
    }

    pub(crate) async fn ask<R: Request>(&self, request: R) -> R::Answer {
        self.bus.ask(request, LONG).await.expect("an answer")
    }

    /// A new guest.
    pub(crate) async fn person(&self, name: &str) -> Caller {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let request = Hello {
            proof: Proof::Guest(name.to_owned()),
            connection: ConnectionId(number),
            client: None,
        };
        self.ask(request).await.expect("welcome").caller
    }

    /// ann, and a public room of hers.
    pub(crate) async fn ann_in_a_room(&self) -> (Caller, RoomKey) {
        let ann = self.person("ann").await;
        let room = self.room(&ann, "kitchen").await;
        (ann, room)
    }

    /// A new guest who has joined a public room.
    pub(crate) async fn member(&self, name: &str, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.join(&who, room).await;
        who
    }

    /// A new guest who was invited into a private room and has joined it.
    pub(crate) async fn invited(&self, name: &str, by: &Caller, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.moderate(by, &who, room, Moderation::Invite).await;
        self.join(&who, room).await;
        who
    }

    /// All entries of a room that were stated, in the order in which they were.
    pub(crate) async fn stated_entries(&self, room: &RoomKey) -> Vec<Arc<Entry>> {
        self.bus.quiet().await;
        let facts = self.witness.entries.lock().expect("no panic");
        let parts = facts.iter().flat_map(|fact| &fact.rooms);
        let of_room = parts.filter(|part| part.room.key == *room);
        of_room.flat_map(|part| part.entries.clone()).collect()
    }

    /// All moves of markers that were stated.
    pub(crate) async fn stated_moves(&self) -> Vec<Arc<MarkerMoved>> {
        self.bus.quiet().await;
        self.witness.moves.lock().expect("no panic").clone()
    }
}

/// Asserts a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>, with: &Refusal) {
    assert_eq!(&outcome.expect_err("a refusal"), with);
}

/// A subscriber that remembers all it sees.
struct Witness(Arc<Stated>);

impl Subscriber for Witness {
    const NAME: &'static str = "witness";
    type Seed = Arc<Stated>;

    async fn load(seed: &Arc<Stated>) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(seed)))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>().on::<MarkerMoved>();
    }
}

impl Handles<EntriesAppended> for Witness {
    async fn handle(
        &mut self,
        fact: &Arc<EntriesAppended>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.0
            .entries
            .lock()
            .expect("no panic")
            .push(Arc::clone(fact));
        Ok(())
    }
}

impl Handles<MarkerMoved> for Witness {
    async fn handle(&mut self, fact: &Arc<MarkerMoved>, _ctx: &mut Context) -> anyhow::Result<()> {
        self.0
            .moves
            .lock()
            .expect("no panic")
            .push(Arc::clone(fact));
        Ok(())
    }
}
