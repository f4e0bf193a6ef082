//! The lock file beside a SQLite database: `<file>.lock`, which contains its holder's process id.

use super::role::Role;
use crate::{DatabaseConfig, OpenError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for a server that is just ending and still holds the lock.
const ENDING: Duration = Duration::from_secs(1);

/// How long to wait for the migrations of another process.
const MIGRATING: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(20);

/// Locks the lock file of a store; creates its directories first.
pub(super) async fn lock(
    store: &Path,
    role: Role,
    config: &DatabaseConfig,
) -> Result<File, OpenError> {
    let mut file = open(store).map_err(|error| config.unreachable(&error))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(config.unreachable(&error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let server = server_in(&mut file);
        if since.elapsed() > if server.is_some() { ENDING } else { MIGRATING } {
            let holder = server.unwrap_or_else(|| "a migration that does not end".into());
            return Err(OpenError::Locked {
                store: config.store(),
                holder,
            });
        }
        tokio::time::sleep(POLL).await;
    }
    sign(&mut file, role).map_err(|error| config.unreachable(&error))?;
    Ok(file)
}

fn open(store: &Path) -> io::Result<File> {
    if let Some(directory) = store.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(name)
}

/// Writes the holder: a server's process id, nothing for a migration. It overwrites what is there,
/// which needs no space on a full disk.
fn sign(file: &mut File, role: Role) -> io::Result<()> {
    file.rewind()?;
    let name = match role {
        Role::Server => std::process::id().to_string(),
        Role::Migration => String::new(),
    };
    writeln!(file, "{name:<10}")
}

/// Returns the server that holds the file, unless a migration does.
fn server_in(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    let process: u32 = text.trim().parse().ok()?;
    Some(format!("process {process}"))
}
