//! A server without its sockets: sessions and rooms on one bus and one store.

use crate::items::{AppendJob, Item, item, message};

use bus::{Clock, Request, SystemClock};
use rooms::Deps;
use rooms::api::log::Appended;
use rooms::api::{
    CreateRoom, Created, Done, EntriesAppended, Entry, History, JoinRoom, Joined, Kind, LeaveRoom,
    Members, MembersPage, Moderate, Moderation, ReadLog, Refusal, Role, RoomKey, Seq,
};
use sessions::SystemRandom;
use sessions::api::operator::GrantAdmin;
use sessions::api::{
    Authenticate, Caller, ConnectionId, Disconnected, Hello, Proof, Register, User, directory,
};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::kit::{Seen, Store};

/// The time limit for every wait in these tests; far more than any takes.
const LONG: Duration = Duration::from_secs(30);
/// A limit above the size of any page in these tests.
const ALL: usize = 10_000;

pub(crate) struct TestServer {
    pub(crate) store: Store,
    pub(crate) deps: Deps,
    appended: Seen<EntriesAppended>,
    connections: AtomicU64,
}

/// The time that all test servers share, ms since 1970.
pub(crate) static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);

pub(crate) fn now() -> i64 {
    NOW.load(Ordering::Relaxed)
}

/// Returns the time since the first call.
pub(crate) fn uptime() -> Duration {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    STARTED.elapsed()
}

/// A clock made of two functions: wall time in milliseconds, and uptime.
pub(crate) struct TestClock<W, U>(pub(crate) W, pub(crate) U);

impl<W, U> Clock for TestClock<W, U>
where
    W: Fn() -> i64 + Send + Sync + 'static,
    U: Fn() -> Duration + Send + Sync + 'static,
{
    fn wall_ms(&self) -> i64 {
        (self.0)()
    }

    fn uptime(&self) -> Duration {
        (self.1)()
    }
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        Self::with(rooms::Settings::default()).await
    }

    pub(crate) async fn with(settings: rooms::Settings) -> Self {
        Self::with_clock(settings, TestClock(now, uptime)).await
    }

    /// Creates a server with a clock of its own, which a test may move.
    pub(crate) async fn with_clock(settings: rooms::Settings, clock: impl Clock) -> Self {
        let appended = Seen::new();
        let mut built = None;
        let store = Store::with(|bus, database| {
            let quick = sessions::Settings {
                clean_grace: Duration::ZERO,
                attempts_per_network: 10_000,
                guests_per_network: 10_000,
                ..sessions::Settings::default()
            };
            let people =
                sessions::Deps::new(database.clone(), quick, SystemClock::new(), SystemRandom);
            let deps = Deps::new(database.clone(), settings).with_clock(clock);
            sessions::wire(bus, &people);
            rooms::wire(bus, &deps);
            appended.watch(bus);
            built = Some((people, deps));
        })
        .await;
        let (people, deps) = built.expect("the store wires it");
        sessions::tasks(store.tasks(), store.bus(), &people);
        rooms::create_general(&deps).await.expect("general");
        Self {
            store,
            deps,
            appended,
            connections: AtomicU64::new(1),
        }
    }

    /// Closes the server and asserts that nothing is left.
    pub(crate) async fn close(self) {
        self.store.tasks().stop_timers();
        self.store.close().await;
    }

    pub(crate) async fn ask<R: Request>(&self, request: R) -> R::Answer {
        self.store
            .bus()
            .ask(request, LONG)
            .await
            .expect("an answer")
    }

    /// Registers an account and opens a session.
    pub(crate) async fn person(&self, name: &str) -> Caller {
        let request = Register {
            name: name.to_owned(),
            password: "a long password".to_owned(),
            invite: None,
            device: None,
            from: name.to_owned(),
        };
        let (token, _) = self.ask(request).await.expect("an account");
        self.ask(Authenticate { token }).await.expect("a session")
    }

    /// Registers a server administrator.
    pub(crate) async fn admin(&self, name: &str) -> Caller {
        let caller = self.person(name).await;
        let granted = self
            .store
            .run(GrantAdmin {
                name: name.to_owned(),
            })
            .await
            .expect("no refusal");
        assert!(granted);
        caller
    }

    /// Connects a guest.
    pub(crate) async fn guest(&self, name: &str) -> (Caller, ConnectionId) {
        let connection = ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed));
        let request = Hello {
            proof: Proof::Guest(name.to_owned()),
            connection,
            session: None,
            from: "home".into(),
            client: None,
        };
        (self.ask(request).await.expect("welcome").caller, connection)
    }

    pub(crate) async fn disconnect(&self, connection: ConnectionId) {
        self.ask(Disconnected {
            connection,
            clean: true,
        })
        .await;
    }

    /// Waits until this person cannot be looked up any more.
    pub(crate) async fn ended(&self, user: &User) {
        let gone = async {
            while self.resolve(&user.id.to_string()).await.is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, gone)
            .await
            .expect("the guest ends");
    }

    pub(crate) async fn resolve(&self, user: &str) -> Option<User> {
        let user = user.to_owned();
        let read = self.store.database().read("test", move |reader| {
            Box::pin(async move { directory::resolve(reader, &user).await })
        });
        read.await.expect("a snapshot")
    }

    /// Creates a public room.
    pub(crate) async fn public(&self, owner: &Caller, name: &str) -> RoomKey {
        self.create(owner, name, Kind::Public)
            .await
            .expect("a room")
            .card
            .room
            .key
            .clone()
    }

    /// Creates a private room.
    pub(crate) async fn private(&self, owner: &Caller, title: &str) -> RoomKey {
        self.create(owner, title, Kind::Private)
            .await
            .expect("a room")
            .card
            .room
            .key
            .clone()
    }

    pub(crate) async fn create(
        &self,
        owner: &Caller,
        name: &str,
        kind: Kind,
    ) -> Result<Created, Refusal> {
        self.ask(create_request(owner, name, kind)).await
    }

    pub(crate) async fn join(&self, who: &Caller, room: &RoomKey) -> Result<Joined, Refusal> {
        let (caller, room) = (who.clone(), room.clone());
        self.ask(JoinRoom { caller, room }).await
    }

    pub(crate) async fn leave(&self, who: &Caller, room: &RoomKey) -> Result<Done, Refusal> {
        let (caller, room) = (who.clone(), room.clone());
        self.ask(LeaveRoom { caller, room }).await
    }

    pub(crate) async fn moderate(
        &self,
        by: &Caller,
        room: &RoomKey,
        user: &Caller,
        what: Moderation,
    ) -> Result<Done, Refusal> {
        self.ask(Moderate {
            caller: by.clone(),
            room: room.clone(),
            user: user.user.id.to_string(),
            what,
            reason: None,
        })
        .await
    }

    /// Registers an account and lets it join a public room.
    pub(crate) async fn member(&self, name: &str, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.join(&who, room).await.expect("a member");
        who
    }

    /// Registers an account, invites it into a private room and lets it join.
    pub(crate) async fn invited(&self, name: &str, by: &Caller, room: &RoomKey) -> Caller {
        let who = self.person(name).await;
        self.moderate(by, room, &who, Moderation::Invite)
            .await
            .expect("an invitation");
        self.join(&who, room).await.expect("a member");
        who
    }

    /// Registers an account, lets it join a room and gives it a role.
    pub(crate) async fn member_with_role(
        &self,
        name: &str,
        owner: &Caller,
        room: &RoomKey,
        role: Role,
    ) -> Caller {
        let who = self.member(name, room).await;
        self.moderate(owner, room, &who, Moderation::Role(role))
            .await
            .expect("a role");
        who
    }

    /// Reads the whole log.
    pub(crate) async fn log(&self, room: &RoomKey) -> Vec<Entry> {
        let request = ReadLog {
            reader: None,
            room: room.clone(),
            after: Some(0),
            upto: None,
            limit: ALL,
            bytes: usize::MAX,
        };
        let page = self.ask(request).await.expect("a page");
        page.entries
            .iter()
            .map(|entry| Entry::clone(entry))
            .collect()
    }

    /// Returns the kinds of the entries in a room's log, in order.
    pub(crate) async fn kinds(&self, room: &RoomKey) -> Vec<&'static str> {
        self.log(room).await.iter().map(kind).collect()
    }

    pub(crate) async fn members(&self, who: &Caller, room: &RoomKey) -> MembersPage {
        self.ask(Members {
            caller: who.clone(),
            room: room.clone(),
            after: None,
            limit: ALL,
            online_only: false,
        })
        .await
        .expect("members")
    }

    pub(crate) async fn role_of(&self, who: &Caller, room: &RoomKey) -> Option<Role> {
        let page = self.members(who, room).await;
        page.members
            .iter()
            .find(|member| member.user == who.user)
            .map(|member| member.role)
    }

    /// Returns all published entries of a room, in the order of publication.
    pub(crate) async fn published(&self, room: &RoomKey) -> Vec<Entry> {
        self.store.quiet().await;
        let facts = self.appended.facts();
        let parts = facts.iter().flat_map(|fact| &fact.rooms);
        let here = parts.filter(|part| part.room.key == *room);
        here.flat_map(|part| part.entries.iter().map(|entry| Entry::clone(entry)))
            .collect()
    }

    /// Counts the batches that were rolled back and repeated.
    pub(crate) fn repeated_batches(&self) -> u64 {
        self.store.registry().metrics()[0].lanes.repeats
    }

    /// Counts the published `EntriesAppended` events.
    pub(crate) async fn events(&self) -> usize {
        self.store.quiet().await;
        self.appended.facts().len()
    }

    /// Appends a batch in one transaction.
    pub(crate) async fn append(&self, items: Vec<Item>) -> Vec<Result<Appended, Refusal>> {
        self.store
            .run(AppendJob(items))
            .await
            .expect("the job is not refused")
    }

    /// Sends one message.
    pub(crate) async fn send(
        &self,
        who: &Caller,
        room: &RoomKey,
        cid: &str,
        body: &str,
    ) -> Result<Appended, Refusal> {
        self.append(vec![item(who, room, message(cid, body))])
            .await
            .pop()
            .expect("an outcome")
    }
}

pub(crate) fn create_request(owner: &Caller, name: &str, kind: Kind) -> CreateRoom {
    CreateRoom {
        caller: owner.clone(),
        name: name.to_owned(),
        kind,
        topic: None,
        history: None,
        cid: None,
    }
}

pub(crate) fn key(name: &str) -> RoomKey {
    RoomKey(name.into())
}

/// Returns the kind of an entry, as named in the protocol.
pub(crate) fn kind(entry: &Entry) -> &'static str {
    use rooms::api::Change as C;
    match &entry.change {
        C::Message { .. } => "message",
        C::Edited { .. } => "edited",
        C::Deleted { .. } => "deleted",
        C::Reaction { .. } => "reaction",
        C::Joined => "joined",
        C::Left => "left",
        C::Invited { .. } => "invited",
        C::Kicked { .. } => "kicked",
        C::Banned { .. } => "banned",
        C::Unbanned { .. } => "unbanned",
        C::Muted { .. } => "muted",
        C::Unmuted { .. } => "unmuted",
        C::Role { .. } => "role",
        C::Room { .. } => "room",
    }
}

/// Asserts that a command was refused.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>, with: &Refusal) {
    assert_eq!(&outcome.expect_err("a refusal"), with);
}

/// Asserts that a command wrote an entry, and returns its seq.
#[track_caller]
pub(crate) fn assert_new(outcome: Result<Done, Refusal>) -> Seq {
    let done = outcome.expect("no refusal");
    assert!(!done.dup, "a repeat");
    done.seq
}

/// Asserts that a command was a repeat, and returns the seq of the earlier entry.
#[track_caller]
pub(crate) fn assert_repeated(outcome: Result<Done, Refusal>) -> Seq {
    let done = outcome.expect("no refusal");
    assert!(done.dup, "not a repeat");
    done.seq
}

/// Changes a request so that members read the whole log.
pub(crate) fn with_open_history(request: CreateRoom) -> CreateRoom {
    CreateRoom {
        history: Some(History::All),
        ..request
    }
}
