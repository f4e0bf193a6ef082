//! Connecting to SQLite, and the files it keeps.
//!
//! [`PooledSqlite`] runs its work on the thread that calls it: all of storage's SQLite work moves
//! to a blocking thread as a whole, together with its pooled connection, so a caller that goes away
//! blocks nobody and the connection returns to the pool by itself.

use super::file_identity::FileIdentity;
use crate::Url;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use std::error::Error;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The connection type that the pool holds for SQLite.
pub(crate) type PooledSqlite = SyncConnectionWrapper<SqliteConnection, OnThisThread>;

/// Runs blocking work on the calling thread; see the module.
pub(crate) struct OnThisThread;

impl SpawnBlocking for OnThisThread {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// How long a statement waits for the write of another process; the lane retries after that.
pub(crate) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 1000";

/// FULL, so that an acknowledged commit survives a power cut; what a savepoint may have to undo
/// stays in memory. The log is moved into the file by the lane alone (`wal_autocheckpoint = 0`, see
/// `pool/checkpoint.rs`), and truncated to 64 MiB when SQLite starts it again.
const SETTINGS: &str = "PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;";

/// Opens a connection as SQLite makes it: the only way to a file in this program. Blocks.
#[expect(
    clippy::disallowed_methods,
    reason = "all connections to files begin here"
)]
pub(crate) fn connect(target: &str) -> ConnectionResult<SqliteConnection> {
    SqliteConnection::establish(target)
}

/// Opens a connection with Parlor's settings. Blocks.
pub(crate) fn open(path: &str) -> ConnectionResult<SqliteConnection> {
    let mut connection = connect(path)?;
    // Before the others, since switching to WAL may already have to wait.
    connection
        .batch_execute(BUSY_TIMEOUT)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    connection
        .batch_execute(SETTINGS)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Returns the path of a file beside another: `core.db-wal` beside `core.db`.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Creates an empty file that only its owner may read, unless the path leads to a file already.
/// SQLite gives its log the same mode, and both contain hashes of passwords.
pub(crate) fn create_file(store: &Path) -> io::Result<()> {
    if let Some(directory) = store.parent() {
        std::fs::create_dir_all(directory)?;
    }
    if FileIdentity::at(store)?.is_some() {
        // Not even opened: closing it would give up the locks of this process, see
        // `lock/file_claim.rs`.
        return Ok(());
    }
    // Creates the target of a dangling symbolic link too.
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(store);
    made.map(drop)
}

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
];

/// Returns the path as a URI of SQLite's, in which no character of its name has a meaning.
pub(crate) fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => {
                uri.push('%');
                uri.extend([other >> 4, other & 15].map(|digit| HEX[usize::from(digit)]));
            }
        }
    }
    uri.push_str(parameters);
    uri
}

impl Url {
    /// Returns what to connect to, such that no file is created where there is none.
    pub(crate) fn existing(&self) -> String {
        match self {
            Self::Sqlite(path) => uri(path, "?mode=rw"),
            Self::Postgres(url) => url.as_str().to_owned(),
        }
    }

    /// Returns what to connect to; creates a file where there is none.
    pub(crate) fn target(&self) -> String {
        match self {
            Self::Sqlite(path) => uri(path, ""),
            Self::Postgres(url) => url.as_str().to_owned(),
        }
    }
}
