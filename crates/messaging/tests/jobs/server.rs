//! A server without its sockets: sessions, rooms and messaging on one bus and one store.

use bus::{Builder, Request};
use diesel::sql_types::BigInt;
use messaging::api::{MarkerMoved, Refusal};
use rooms::api::{EntriesAppended, Entry, Moderation, RoomInfo, RoomKey};
use sessions::api::operator::GrantAdmin;
use sessions::api::{Authenticate, Caller, Register};
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::kit::{Seen, Store};
use storage::prelude::*;

/// The time limit for every wait in these tests; far more than any takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct TestServer {
    pub(crate) store: Store,
    appended: Seen<EntriesAppended>,
    moved: Seen<MarkerMoved>,
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        let (appended, moved) = (Seen::new(), Seen::new());
        let store = Store::with(|bus, database| {
            appended.watch(bus);
            moved.watch(bus);
            wire(bus, database);
        });
        Self {
            store: store.await,
            appended,
            moved,
        }
    }

    pub(crate) fn key(name: &str) -> RoomKey {
        RoomKey(Arc::from(name))
    }

    pub(crate) async fn ask<R: Request>(&self, request: R) -> R::Answer {
        let answer = self.store.bus().ask(request, LONG).await;
        answer.expect("an answer")
    }

    /// Registers an account and opens a session.
    pub(crate) async fn person(&self, name: &str) -> Caller {
        let request = Register {
            name: name.to_owned(),
            password: "a long password".to_owned(),
            invite: None,
            device: None,
            from: "127.0.0.1".to_owned(),
        };
        let (token, _) = self.ask(request).await.expect("an account");
        let caller = self.ask(Authenticate { token }).await;
        caller.expect("a session")
    }

    /// Makes an account a server administrator, as the operator does.
    pub(crate) async fn make_administrator(&self, name: &'static str) {
        let granted = self
            .store
            .run(GrantAdmin {
                name: name.to_owned(),
            })
            .await;
        assert_eq!(granted, Ok(true));
    }

    /// Registers ann and creates a public room for her.
    pub(crate) async fn ann_in_a_room(&self) -> (Caller, RoomKey) {
        let ann = self.person("ann").await;
        let room = self.room(&ann, "kitchen").await;
        (ann, room)
    }

    /// Registers an account and lets it join a public room.
    pub(crate) async fn member(&self, name: &str, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.join(&who, room).await;
        who
    }

    /// Registers an account, invites it into a private room and lets it join.
    pub(crate) async fn invited(&self, name: &str, by: &Caller, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.moderate(by, &who, room, Moderation::Invite).await;
        self.join(&who, room).await;
        who
    }

    /// Returns all published entries of a room, in the order of publication.
    pub(crate) async fn published_entries(&self, room: &RoomKey) -> Vec<Arc<Entry>> {
        self.store.quiet().await;
        let facts = self.appended.facts();
        let parts = facts.iter().flat_map(|fact| &fact.rooms);
        let of_room = parts.filter(|part| part.room.key == *room);
        of_room.flat_map(|part| part.entries.clone()).collect()
    }

    /// Returns a room's properties from its first published entries.
    pub(crate) async fn entry_room(&self, room: &RoomKey) -> Arc<RoomInfo> {
        self.store.quiet().await;
        let facts = self.appended.facts();
        let mut parts = facts.iter().flat_map(|fact| &fact.rooms);
        let part = parts.find(|part| part.room.key == *room);
        Arc::clone(&part.expect("it has entries").room)
    }

    /// Returns all published moves of markers.
    pub(crate) async fn published_moves(&self) -> Vec<Arc<MarkerMoved>> {
        self.store.quiet().await;
        self.moved.facts()
    }

    /// Counts the rows of a table.
    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let read = self.store.database().read("test.count", move |access| {
            Box::pin(async move {
                let text = format!("SELECT count(*) AS n FROM {table}");
                let rows: Vec<Counted> =
                    query!(access, |c| diesel::sql_query(&text).load::<Counted>(c))?;
                Ok(rows[0].n)
            })
        });
        read.await.expect("a count")
    }

    /// Closes the server and asserts that nothing is left.
    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn wire(bus: &mut Builder, database: &Database) {
    let sessions = sessions::Deps::new(
        database.clone(),
        sessions::Settings::default(),
        bus::SystemClock::new(),
        sessions::SystemRandom,
    );
    sessions::wire(bus, &sessions);
    let rooms = rooms::Deps::new(database.clone(), rooms::Settings::default());
    rooms::wire(bus, &rooms);
    let messaging = messaging::Deps::new(database.clone(), messaging::Settings::default());
    messaging::wire(bus, &messaging);
}

/// Asserts that a command was refused.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>, with: &Refusal) {
    assert_eq!(&outcome.expect_err("a refusal"), with);
}
