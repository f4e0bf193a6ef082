//! Where a test's database lives, and how it goes away.

use crate::Url;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use tempfile::TempDir;

/// The server to test on; without it, SQLite.
const SERVER: &str = "PARLOR_TEST_POSTGRES";

/// A folder, or a database on a server. Gone when dropped.
pub(super) enum Place {
    Folder(TempDir),
    Server { server: String, name: String },
}

impl Place {
    pub(super) async fn new() -> Self {
        let Ok(server) = std::env::var(SERVER) else {
            return Self::Folder(
                tempfile::tempdir().expect("there is room for a temporary folder"),
            );
        };
        let name = format!("parlor_test_{:016x}", rand::random::<u64>());
        tell(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("the server makes one");
        Self::Server { server, name }
    }

    pub(super) fn url(&self) -> Url {
        match self {
            Self::Folder(folder) => Url::Sqlite(folder.path().join("data/core.db")),
            Self::Server { server, name } => Url::Postgres(with_database(server, name)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Server { server, name } = self else {
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
