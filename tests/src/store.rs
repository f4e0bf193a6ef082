//! The data of a test, and the frame in which every test runs.

use crate::database::Sql;
use crate::link::Link;
use crate::seen_entries::SeenEntries;
use crate::server::{Exit, Server};
use crate::settings::Settings;
use crate::starting::Starting;
use fixtures::Folder;
use fixtures::Postgres;
use fixtures::SmallDisk;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Time limit of a test.
const TEST: Duration = Duration::from_secs(280);

/// Environment variable that sets the number of database connections in the tests.
const POOL_MAX: &str = "PARLOR_TESTS_POOL_MAX";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A SQLite file in the data directory.
    Sqlite,
    /// A database of the test run's PostgreSQL server.
    Postgres,
}

/// Where a test's data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A temporary folder, or a database of the test run's server.
    Usual(Kind),
    /// A PostgreSQL server of the test's own.
    Alone,
    /// A disk of this many megabytes, which can be filled.
    SmallDisk(Kind, u32),
}

impl Place {
    /// Returns the kind of database.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Usual(kind) | Self::SmallDisk(kind, _) => kind,
            Self::Alone => Kind::Postgres,
        }
    }

    fn postgres(self) -> Option<Arc<Postgres>> {
        match self {
            Self::Usual(Kind::Postgres) => Some(Arc::clone(Postgres::shared())),
            Self::SmallDisk(Kind::Postgres, megabytes) => {
                Some(Postgres::on_a_small_disk(megabytes))
            }
            Self::Alone => Some(Postgres::alone()),
            Self::Usual(Kind::Sqlite) | Self::SmallDisk(Kind::Sqlite, _) => None,
        }
    }
}

/// The store of one test: empty at first, removed at its end. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    kind: Kind,
    // Unmounts before the folder is removed.
    disk: Option<SmallDisk>,
    folder: Folder,
    postgres: Option<Arc<Postgres>>,
    database: String,
    seen_entries: SeenEntries,
    link: OnceLock<Link>,
    servers: Mutex<Vec<Server>>,
}

/// Runs a test body on a new store and checks that its servers ended cleanly. Shows their logs on a
/// failure.
pub fn judge<T, F: Future<Output = T>>(kind: Kind, name: &str, body: impl FnOnce(Store) -> F) -> T {
    judged(TEST, Place::Usual(kind), name, body)
}

/// Like [`judge`], with another time limit.
pub fn judge_within<T, F: Future<Output = T>>(
    limit: Duration,
    kind: Kind,
    name: &str,
    body: impl FnOnce(Store) -> F,
) -> T {
    judged(limit, Place::Usual(kind), name, body)
}

/// Like [`judge`], in another place.
pub fn judge_at<T, F: Future<Output = T>>(
    place: Place,
    name: &str,
    body: impl FnOnce(Store) -> F,
) -> T {
    judged(TEST, place, name, body)
}

fn judged<T, F: Future<Output = T>>(
    limit: Duration,
    place: Place,
    name: &str,
    body: impl FnOnce(Store) -> F,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let store = Store::new(place).await;
        let exposed = ShowLogsOnPanic(store.clone());
        let whole = async {
            let result = body(store.clone()).await;
            store.finish().await;
            result
        };
        let ended = tokio::time::timeout(limit, whole).await;
        let result =
            ended.unwrap_or_else(|_| panic!("{name} took more than {} s", limit.as_secs()));
        drop(exposed);
        result
    })
}

/// Shows the logs of the servers if a test fails, and leaves no process behind.
struct ShowLogsOnPanic(Store);

impl Drop for ShowLogsOnPanic {
    fn drop(&mut self) {
        let Ok(servers) = self.0.0.servers.lock() else {
            return;
        };
        for server in servers.iter() {
            if std::thread::panicking() {
                let lines = server.lines();
                let last = lines.len().saturating_sub(80);
                println!(
                    "--- log of {}:\n{}",
                    server.address(),
                    lines[last..].join("\n")
                );
            }
            server.kill();
        }
    }
}

impl Store {
    async fn new(place: Place) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = format!("test_{number}");
        let postgres = place.postgres();
        if let Some(postgres) = &postgres {
            let mut sql = Sql::postgres(&postgres.url("postgres")).await;
            sql.run(&format!("CREATE DATABASE {database}")).await;
        }
        let folder = Folder::new("data");
        let disk = match place {
            Place::SmallDisk(Kind::Sqlite, megabytes) => {
                Some(SmallDisk::over(folder.path(), megabytes))
            }
            _ => None,
        };
        Self(Arc::new(Inner {
            kind: place.kind(),
            disk,
            folder,
            postgres,
            database,
            seen_entries: SeenEntries::default(),
            link: OnceLock::new(),
            servers: Mutex::default(),
        }))
    }

    /// Returns the kind of database.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn database(&self) -> &str {
        &self.0.database
    }

    /// Returns the data directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// Returns SQLite's file of `core`, once a server has created it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        let usual = self.folder().join("core.db");
        if usual.exists() {
            return usual;
        }
        let files = std::fs::read_dir(self.folder()).expect("the data directory can be read");
        files
            .filter_map(|file| Some(file.ok()?.path()))
            .find(|path| {
                let magic = std::fs::read(path).unwrap_or_default();
                magic.starts_with(b"SQLite format 3\0")
            })
            .expect("the data directory holds a database")
    }

    /// Starts a server with the usual settings.
    pub async fn server(&self) -> Server {
        self.serve(Settings::default()).await
    }

    /// Starts a server with these settings.
    pub async fn serve(&self, settings: Settings) -> Server {
        match self.try_serve(settings).await {
            Ok(server) => server,
            Err(exit) => {
                panic!(
                    "the server did not start: {:?}\n{}",
                    exit.code,
                    exit.lines.join("\n")
                )
            }
        }
    }

    /// Starts a server with these settings, or returns how it ended instead of listening.
    pub async fn try_serve(&self, settings: Settings) -> Result<Server, Exit> {
        let how = settings.launch.clone();
        let environment = self.environment(settings).await;
        let server = Server::start(environment, how, self.0.seen_entries.clone()).await?;
        self.0
            .servers
            .lock()
            .expect("the lock is not poisoned")
            .push(server.clone());
        Ok(server)
    }

    /// Starts a server without waiting until it listens, since it may hang on the way.
    pub async fn start(&self, settings: Settings) -> Starting {
        Starting::with(&self.environment(settings).await)
    }

    /// Runs a command of the server with these settings, and waits for its end.
    pub async fn run(&self, settings: Settings, arguments: &[&str]) -> Output {
        let how = settings.launch.clone();
        let mut command = how.command(&self.environment(settings).await);
        command.args(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        ended
            .expect("nothing panics")
            .expect("the program can be run")
    }

    /// Returns the environment of a server of this store.
    pub async fn environment(&self, settings: Settings) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([
            ("PARLOR_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            (
                "PARLOR_OPERATOR_LISTEN".to_owned(),
                "127.0.0.1:0".to_owned(),
            ),
            (
                "PARLOR_DATA_DIR".to_owned(),
                self.folder().display().to_string(),
            ),
        ]);
        if self.0.kind == Kind::Postgres {
            all.insert("CORE_DB_URL".to_owned(), self.url(settings.linked).await);
        }
        if let Ok(max) = std::env::var(POOL_MAX) {
            all.insert("CORE_DB_POOL_MAX".to_owned(), max);
        }
        all.extend(settings.environment);
        all
    }

    async fn url(&self, linked: bool) -> String {
        let postgres = self.postgres();
        if linked && self.0.link.get().is_none() {
            let link = Link::to(postgres.port()).await;
            assert!(self.0.link.set(link).is_ok(), "a store has only one link");
        }
        match self.0.link.get() {
            Some(link) if linked => {
                format!(
                    "postgres://parlor@127.0.0.1:{}/{}",
                    link.port(),
                    self.0.database
                )
            }
            _ => postgres.url(&self.0.database),
        }
    }

    /// Returns the link in front of PostgreSQL of a server that was started with
    /// [`Settings::linked`].
    #[must_use]
    pub fn link(&self) -> &Link {
        self.0.link.get().expect("a server was started with a link")
    }

    /// Connects to the database directly.
    pub async fn sql(&self) -> Sql {
        match self.0.kind {
            Kind::Sqlite => Sql::sqlite(&self.file()),
            Kind::Postgres => Sql::postgres(&self.postgres().url(&self.0.database)).await,
        }
    }

    /// Creates another PostgreSQL database on the same server, and returns its URL. It stays until the
    /// server is removed.
    pub async fn another_database(&self, name: &str) -> String {
        let name = format!("{}_{name}", self.0.database);
        let mut sql = self.sql().await;
        sql.run(&format!("CREATE DATABASE {name}")).await;
        self.postgres().url(&name)
    }

    /// Deletes the database of an extension, where it is unless its location is set.
    pub async fn lose_extension(&self, name: &str) {
        if self.0.kind == Kind::Postgres {
            let drop = format!("DROP SCHEMA {name} CASCADE");
            return self.sql().await.run(&drop).await;
        }
        let file = format!("{name}.db");
        let files = std::fs::read_dir(self.folder()).expect("the data directory can be read");
        for one in files.flatten() {
            if one.file_name().to_string_lossy().starts_with(&file) {
                std::fs::remove_file(one.path()).expect("it can be removed");
            }
        }
    }

    /// Forgets what clients have seen, after the data was changed by hand or replaced by older
    /// data.
    pub fn begins_anew(&self) {
        self.0.seen_entries.forget();
    }

    /// Returns the PostgreSQL server of the data.
    pub(crate) fn postgres(&self) -> &Arc<Postgres> {
        let postgres = self.0.postgres.as_ref();
        postgres.expect("the store is on PostgreSQL")
    }

    /// Returns the disk of the data, if it can be filled.
    pub(crate) fn disk(&self) -> &SmallDisk {
        let of_the_server = || self.0.postgres.as_ref().and_then(|server| server.disk());
        let disk = self.0.disk.as_ref().or_else(of_the_server);
        disk.expect("the store is on a small disk")
    }

    /// Returns what all clients together have seen of a room, by `seq`.
    #[must_use]
    pub fn seen(&self, room: &str) -> BTreeMap<i64, serde_json::Value> {
        self.0.seen_entries.room(room)
    }

    async fn finish(&self) {
        let servers = self
            .0
            .servers
            .lock()
            .expect("the lock is not poisoned")
            .clone();
        for server in servers {
            server.finish().await;
        }
        if let Some(postgres) = &self.0.postgres {
            let database = &self.0.database;
            let mut sql = Sql::postgres(&postgres.url("postgres")).await;
            sql.run(&format!("DROP DATABASE {database} WITH (FORCE)"))
                .await;
        }
    }
}
