//! Temporary databases for tests, here and in other crates.
//!
//! [`Store::new`] makes a bus, tasks and a `core` database with every migration of
//! `migrations/core`: SQLite in a temporary folder, or, with `PARLOR_TEST_STORE=postgres`, a fresh
//! database on a PostgreSQL server that the test run starts. [`Store::on`] names the kind itself, for
//! tests of what only one of them does.
//! [`Store::with`] builds a bus with subscribers around it; [`Seen`] keeps the facts of one type.
//! [`Store::fill`] and [`Store::explain`] show how a large database runs a piece of work.
//! [`Store::close`] asserts that nothing is left.
//!
//! ```ignore
//! let appended = Seen::<EntriesAppended>::new();
//! let store = Store::with(|bus, database| {
//!     appended.watch(bus);
//!     bus.essential::<Rooms>(Deps::of(database));
//! })
//! .await;
//! let answer = store.run(CreateRoom { .. }).await.unwrap();
//! store.quiet().await;
//! assert_eq!(appended.facts().len(), 1);
//! store.close().await;
//! ```

mod place;
mod plans;
mod seen;

use crate::{Backend, Database, DatabaseConfig, Job, Migrations, Registry, Url};
use bus::{Builder, Bus, Running, Settings, Tasks};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub use place::Place;
pub use plans::{Statement, large};
pub use seen::Seen;

/// How long a test's job may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A `core` database of its own, on a bus of its own.
pub struct Store {
    database: Database,
    registry: Registry,
    bus: Bus,
    tasks: Tasks,
    running: Running,
    config: DatabaseConfig,
    _place: Place,
}

impl Store {
    /// Returns an empty store without subscribers.
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Returns an empty store with subscribers: `wire` adds them before the bus starts.
    pub async fn with(wire: impl FnOnce(&mut Builder, &Database)) -> Self {
        Self::configured(|_, _| {}, wire).await
    }

    /// [`Store::with`] on this kind of database, whatever kind the test run is for.
    pub async fn on(backend: Backend, wire: impl FnOnce(&mut Builder, &Database)) -> Self {
        Self::at(Place::on(backend).await, |_, _| {}, wire).await
    }

    /// [`Store::with`] with changed settings.
    pub async fn configured(
        configure: impl FnOnce(&mut DatabaseConfig, &mut Settings),
        wire: impl FnOnce(&mut Builder, &Database),
    ) -> Self {
        Self::at(Place::new().await, configure, wire).await
    }

    /// Returns an empty store at a place, with changed settings.
    pub async fn at(
        place: Place,
        configure: impl FnOnce(&mut DatabaseConfig, &mut Settings),
        wire: impl FnOnce(&mut Builder, &Database),
    ) -> Self {
        let mut config = place.config();
        let mut settings = Settings::default();
        configure(&mut config, &mut settings);
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(settings, &tasks);
        let bus = builder.bus();
        crate::wire(&mut builder);
        #[cfg(test)]
        builder.states::<crate::tests::notes::Noted>();
        let registry = Registry::new(bus.clone(), tasks.clone());
        let database = registry
            .open(config.clone())
            .await
            .expect("the test's database opens");
        wire(&mut builder, &database);
        let running = builder.start().await.expect("the test's bus starts");
        Self {
            database,
            registry,
            bus,
            tasks,
            running,
            config,
            _place: place,
        }
    }

    /// The database of the store.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The registry that contains the database.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The bus on which its facts are published.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The tasks of bus and database.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The configuration, to open the database once more.
    #[must_use]
    pub fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    /// Returns the file of a store on SQLite.
    ///
    /// # Panics
    /// If the store is on PostgreSQL.
    #[must_use]
    pub fn file(&self) -> &Path {
        match &self.config.url {
            Url::Sqlite(file) => file,
            Url::Postgres(_) => panic!("a store on PostgreSQL has no file"),
        }
    }

    /// Runs one job through its lane and waits for its answer, or its refusal.
    ///
    /// # Panics
    /// If storage fails.
    pub async fn run<J: Job>(&self, job: J) -> Result<J::Answer, J::Refusal> {
        self.database
            .write(job, PATIENCE)
            .await
            .expect("the job ends in time")
    }

    /// Waits until every fact has been handled.
    pub async fn quiet(&self) {
        self.bus.quiet().await;
    }

    /// Ends everything and asserts that nothing is left: credits, connections, tasks.
    pub async fn close(self) {
        tokio::time::timeout(PATIENCE, self.bus.quiet())
            .await
            .expect("all credits are returned");
        self.registry.close(PATIENCE).await;
        self.running.stop(PATIENCE).await;
        let left = self.tasks.stop(PATIENCE).await;
        assert!(left.is_empty(), "tasks are left: {left:?}");
    }
}

/// Returns the migrations of a database from the source tree.
#[must_use]
pub fn migrations(database: &str) -> Migrations {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    Migrations::Folder(root.join(database))
}
