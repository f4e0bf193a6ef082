//! Where a test's database lives, and how it goes away.

use crate::{DatabaseConfig, Url};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use tempfile::TempDir;

/// The server to test on; without it, SQLite.
const SERVER: &str = "PARLOR_TEST_POSTGRES";

/// A place for one database: a folder, or an empty database on a server. Gone when dropped.
pub struct Place(Kind);

enum Kind {
    Folder(TempDir),
    Server { server: String, name: String },
}

impl Place {
    /// A new one.
    ///
    /// # Panics
    /// When there is no room, or the server does not make one.
    pub async fn new() -> Self {
        let Ok(server) = std::env::var(SERVER) else {
            let folder = tempfile::tempdir().expect("there is room for a temporary folder");
            return Self(Kind::Folder(folder));
        };
        let name = format!("parlor_test_{:016x}", rand::random::<u64>());
        tell(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("the server makes one");
        Self(Kind::Server { server, name })
    }

    /// How the database `core` is opened here, with the migrations of the source tree.
    #[must_use]
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig::new("core", self.url(), super::migrations("core"))
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> Url {
        match &self.0 {
            Kind::Folder(folder) => Url::Sqlite(folder.path().join("data/core.db")),
            Kind::Server { server, name } => Url::Postgres(with_database(server, name)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Kind::Server { server, name } = &self.0 else {
            return;
        };
        let (server, drop) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        // A thread of its own: a test's runtime cannot be waited for from inside.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(tell(&server, &drop))
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("a test's database stays behind: {error:#}");
        }
    }
}

async fn tell(server: &str, what: &str) -> anyhow::Result<()> {
    let mut connection = AsyncPgConnection::establish(server).await?;
    connection.batch_execute(what).await?;
    Ok(())
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server, String::new()),
    };
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    format!("{}/{name}{parameters}", &address[..end])
}
