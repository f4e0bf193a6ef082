//! The test world: sessions on a bus and a database, with a manual clock.

use super::recorder::{Change, Recorded, Recorder};
use crate::api::{
    Authenticate, Caller, ConnectionId, Disconnected, Hello, KeepConnected, ListSessions,
    OnlineUsers, Proof, Refusal, SessionId, SessionSummary, Token, User, UserId, Welcome,
};
use crate::jobs::{HelloContext, OpenGuest, OpenToken, SessionCredentials};
use crate::name::Name;
use crate::presence::{Generation, OpenedConnection, Tick};
use crate::sweep::Sweep;
use crate::tests::manual_clock::ManualClock;
use crate::timers::Timers;
use crate::{Deps, Settings, SystemRandom, random};
use bus::Clock as _;
use bus::{AskError, Builder, Bus, Request, Running, Tasks};
use futures_util::FutureExt as _;
use parking_lot::RwLockReadGuard;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use storage::kit::Store;
use storage::prelude::*;
use storage::{Database, Registry};

/// Longer than anything in a test takes.
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) database: Database,
    pub(super) deps: Deps,
    pub(super) bus: Bus,
    recorded: Recorded,
    connections: AtomicU64,
    running: Running,
    registry: Registry,
    tasks: Tasks,
    settings: Settings,
    /// Only its location is used: sessions get their own bus and registry, which can be restarted.
    store: Store,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let store = Store::new().await;
        store.registry().close(WAIT_MAX).await;
        Self::start(settings, store, ManualClock::default()).await
    }

    /// Stops like a server and starts again on the same store.
    pub(super) async fn restarted(self) -> Self {
        self.ask(KeepConnected).await.unwrap();
        self.crashed().await
    }

    /// Stops without [`KeepConnected`], as in a crash, and starts again on the same store.
    pub(super) async fn crashed(self) -> Self {
        let Self {
            clock,
            running,
            registry,
            tasks,
            settings,
            store,
            ..
        } = self;
        running.stop(WAIT_MAX).await;
        registry.close(WAIT_MAX).await;
        assert_eq!(tasks.stop(WAIT_MAX).await, Vec::<String>::new());
        Self::start(settings, store, clock).await
    }

    async fn start(settings: Settings, store: Store, clock: ManualClock) -> Self {
        let tasks = Tasks::new(tokio_util::sync::CancellationToken::new());
        let mut builder = Builder::new(bus::Settings::default(), &tasks);
        let registry = Registry::new(builder.bus(), tasks.clone());
        let database = registry.open(store.config().clone()).await.unwrap();
        let deps = Deps::new(
            database.clone(),
            settings.clone(),
            clock.clone(),
            SystemRandom,
        );
        crate::wire(&mut builder, &deps);
        let recorded = Recorded::default();
        builder.essential::<Recorder>(recorded.clone());
        let running = builder.start().await.unwrap();
        let bus = running.bus().clone();
        // The first turn publishes what was loaded.
        bus.publish(Tick).await;
        bus.quiet().await;
        let connections = AtomicU64::new(1);
        Self {
            clock,
            database,
            deps,
            bus,
            recorded,
            connections,
            running,
            registry,
            tasks,
            settings,
            store,
        }
    }

    /// Returns who is online, as a crate that follows the facts sees it.
    pub(super) fn online(&self) -> RwLockReadGuard<'_, OnlineUsers> {
        self.recorded.online()
    }

    /// Returns how often all connections were forgotten.
    pub(super) fn forgotten(&self) -> usize {
        self.recorded.forgotten()
    }

    /// Sends a request, and waits until all its effects have been handled.
    pub(super) async fn ask<R: Request>(&self, request: R) -> R::Answer {
        let answer = self.try_ask(request).await.unwrap();
        self.bus.quiet().await;
        answer
    }

    pub(super) async fn try_ask<R: Request>(&self, request: R) -> Result<R::Answer, AskError> {
        self.bus.ask(request, WAIT_MAX).await
    }

    /// Says hello on a new connection.
    pub(super) async fn hello(&self, proof: Proof) -> Result<(ConnectionId, Welcome), Refusal> {
        let connection = self.connection();
        Ok((connection, self.hello_on(connection, proof).await?))
    }

    pub(super) async fn hello_on(
        &self,
        connection: ConnectionId,
        proof: Proof,
    ) -> Result<Welcome, Refusal> {
        self.ask(Hello {
            proof,
            connection,
            session: None,
            from: "home".into(),
            client: None,
        })
        .await
    }

    pub(super) fn connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }

    /// Says hello as a new guest on a new connection.
    pub(super) async fn guest(&self, name: &str) -> (ConnectionId, Welcome) {
        self.hello(Proof::Guest(name.into())).await.unwrap()
    }

    /// Says hello with a token on a new connection.
    pub(super) async fn token(&self, token: &Token) -> Result<(ConnectionId, Welcome), Refusal> {
        self.hello(Proof::Token(token.clone())).await
    }

    pub(super) async fn authenticate(&self, token: &Token) -> Result<Caller, Refusal> {
        self.ask(Authenticate {
            token: token.clone(),
        })
        .await
    }

    /// Returns the first page of a user's sessions.
    pub(super) async fn sessions(&self, caller: Caller) -> Vec<SessionSummary> {
        let (after, limit) = (None, 100);
        let page = self.ask(ListSessions {
            caller,
            after,
            limit,
        });
        page.await.unwrap().sessions
    }

    pub(super) async fn disconnect(&self, connection: ConnectionId, clean: bool) {
        self.ask(Disconnected { connection, clean }).await;
    }

    /// Advances the clock and lets the subscriber check grace periods.
    pub(super) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.bus.publish(Tick).await;
        self.bus.quiet().await;
    }

    /// Runs a job.
    pub(super) async fn write<J: Job>(&self, job: J) -> Result<J::Answer, J::Refusal> {
        let answer = self.database.write(job, WAIT_MAX).await.unwrap();
        self.bus.quiet().await;
        answer
    }

    /// Returns how many `PresenceChanged` events were published.
    pub(super) fn presence_events(&self) -> usize {
        self.recorded.presence_events()
    }

    /// Takes the changes published since the last call.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.recorded.take()
    }
}

impl World {
    /// Runs a timer's work at once.
    pub(super) async fn write_seen(&self) {
        self.timer().write_seen().await.unwrap();
        self.bus.quiet().await;
    }

    pub(super) async fn expire(&self) {
        self.timer().expire().await.unwrap();
        self.bus.quiet().await;
    }

    pub(super) async fn sweep(&self, sweep: &Sweep) {
        sweep.clone().run().await.unwrap();
        self.bus.quiet().await;
    }

    /// Stores the clock's time, like a server that has checked its clock and stopped.
    pub(super) async fn store_current_time(&self) {
        let deps = self.timer().deps;
        let now = deps.clock.wall_ms();
        deps.clock_watch.begin(now, None).await.unwrap();
    }

    pub(super) async fn count(&self) {
        self.timer().count().await.unwrap();
        self.bus.quiet().await;
    }

    fn timer(&self) -> Timers {
        Timers {
            bus: self.bus.clone(),
            deps: self.deps.clone(),
        }
    }

    /// Publishes what a crash may have lost, as a start does.
    pub(super) async fn publish_upgraded(&self) {
        self.timer().publish_upgraded().await.unwrap();
        self.bus.quiet().await;
    }

    /// Starts the timers.
    pub(super) fn start_timers(&self) {
        crate::tasks(&self.tasks, &self.bus, &self.deps);
    }

    /// Waits for changes, and takes them.
    pub(super) async fn next_changes(&self) -> Vec<Change> {
        self.recorded.next().await
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.wall_ms()
    }

    /// Says hello with these tokens, as one set of jobs.
    pub(super) async fn open_as_set(&self, tokens: &[&Token]) -> Vec<Result<Welcome, Refusal>> {
        let open = |token: &&Token| {
            let token = (*token).clone();
            OpenToken {
                hello: self.hello_context(),
                token,
                current: None,
            }
        };
        let Ok(answers) = self.write(AsSet(tokens.iter().map(open).collect())).await;
        answers
    }

    /// Says hello as these guests, as one set of jobs.
    pub(super) async fn guests_as_set(&self, names: &[&str]) -> Vec<Result<Welcome, Refusal>> {
        let open = |name: &&str| {
            let now = self.now();
            OpenGuest {
                hello: self.hello_context(),
                name: Name::parse(name).unwrap(),
                user: random::user_id(&SystemRandom, now),
                credentials: SessionCredentials::new(&SystemRandom, now),
            }
        };
        let Ok(answers) = self.write(AsSet(names.iter().map(open).collect())).await;
        answers
    }

    fn hello_context(&self) -> HelloContext {
        HelloContext::new(
            (self.connection(), Generation::FIRST),
            None,
            self.now(),
            &self.database,
        )
    }

    /// Marks a session as connected without an event.
    pub(super) async fn mark_connected(&self, session: SessionId) {
        let Ok(()) = self.write(Mark(session, self.now())).await;
    }

    /// Returns everything in storage as text.
    pub(super) async fn stored_text(&self) -> String {
        let read = self.database.read("test", |reader| {
            async move { crate::store::everything(reader).await }.boxed()
        });
        read.await.unwrap()
    }
}

/// Runs several jobs as one set, in the lane of sessions.
struct AsSet<J>(Vec<J>);

impl<J: Job> Job for AsSet<J> {
    const NAME: &'static str = "test.as_set";
    type Answer = Vec<Result<J::Answer, J::Refusal>>;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.0[0].lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Self::Answer, JobError<Infallible>> {
        let jobs: Vec<&J> = self.0.iter().collect();
        Ok(J::run_set(&jobs, tx).await?)
    }
}

/// Sets a connected mark without an event.
struct Mark(SessionId, i64);

impl Job for Mark {
    const NAME: &'static str = "test.mark";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(1)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        Ok(crate::store::sessions::connected(tx, &[self.0], self.1).await?)
    }
}

/// Returns a connection as in a job's event.
pub(super) fn opened_connection(n: u8) -> OpenedConnection {
    let user = User {
        id: UserId([n; 16]),
        name: "someone".into(),
        guest: true,
    };
    let connection = ConnectionId(u64::from(n));
    OpenedConnection {
        connection,
        generation: Generation::FIRST,
        session: SessionId([n; 16]),
        user,
        connected_at: 1,
        token: None,
    }
}
