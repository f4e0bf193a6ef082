//! Sessions and rooms on a temporary SQLite database, with a member of `general`.

use bus::SystemClock;
use bus::{Builder, Request, Running, Settings, Tasks};
use rooms::api::{JoinRoom, RoomKey};
use sessions::SystemRandom;
use sessions::api::{Caller, ConnectionId, Hello, Proof};
use std::path::Path;
use std::time::Duration;
use storage::{Database, DatabaseConfig, Migrations, Registry, Url};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Time limit that even an instrumented run does not reach.
pub(crate) const NO_HURRY: Duration = Duration::from_secs(600);

pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) tasks: Tasks,
    running: Running,
    _registry: Registry,
    _folder: TempDir,
}

impl Store {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        let registry = Registry::new(builder.bus(), tasks.clone());
        let opened = registry.open(config(folder.path())).await;
        let database = opened.expect("the database opens");
        let sessions_deps = sessions::Deps::new(
            database.clone(),
            sessions::Settings::default(),
            SystemClock::new(),
            SystemRandom,
        );
        let rooms_deps = rooms::Deps::new(database.clone(), rooms::Settings::default());
        sessions::wire(&mut builder, &sessions_deps);
        rooms::wire(&mut builder, &rooms_deps);
        let running = builder.start().await.expect("the bus starts");
        rooms::create_general(&rooms_deps).await.expect("general");
        Self {
            database,
            tasks,
            running,
            _registry: registry,
            _folder: folder,
        }
    }

    /// Creates a guest who has joined `general`.
    pub(crate) async fn member(&self) -> (Caller, RoomKey) {
        let hello = Hello {
            proof: Proof::Guest("ann".to_owned()),
            connection: ConnectionId(1),
            session: None,
            from: "home".into(),
            client: None,
        };
        let caller = self.ask(hello).await.expect("a guest").caller;
        let room = RoomKey("general".into());
        let join = JoinRoom {
            caller: caller.clone(),
            room: room.clone(),
        };
        self.ask(join).await.expect("a member");
        self.running.bus().quiet().await;
        (caller, room)
    }

    async fn ask<R: Request>(&self, request: R) -> R::Answer {
        let asked = self.running.bus().ask(request, NO_HURRY).await;
        asked.expect("an answer")
    }
}

fn config(folder: &Path) -> DatabaseConfig {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/core");
    DatabaseConfig {
        acquire_timeout: NO_HURRY,
        ..DatabaseConfig::new(
            "core",
            Url::Sqlite(folder.join("core.db")),
            Migrations::Folder(migrations),
        )
    }
}
