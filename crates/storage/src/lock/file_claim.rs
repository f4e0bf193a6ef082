//! The lock on a SQLite file itself: on its inode, so that a hard link, a symbolic link and a bind
//! mount all lead to the same lock.
//!
//! It is `flock`, which Linux keeps apart from the byte ranges that SQLite locks with `fcntl`. But
//! closing any descriptor of a file releases all `fcntl` locks that the process has on it, SQLite's
//! too. So the file is opened once, and closed only when no connection to it is left.

use crate::backend::FileIdentity;
use crate::{DatabaseConfig, OpenError};
use parking_lot::{Mutex, MutexGuard};
use rustix::fs::FallocateFlags;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for a server that is just ending and still holds the lock.
const ENDING: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(20);

/// The files that this process has claimed: it must not even open those a second time.
static HELD: Mutex<BTreeSet<FileIdentity>> = Mutex::new(BTreeSet::new());

/// A claim on a file that nobody else serves, under whatever name.
pub(crate) struct FileClaim {
    file: OpenFile,
    identity: FileIdentity,
}

/// The one descriptor of a store's file that is not SQLite's; closed when the claim is dropped.
#[derive(Clone)]
pub(crate) struct OpenFile(Arc<Mutex<Option<File>>>);

impl OpenFile {
    /// Allocates disk space for the first so many bytes of the file; its size does not change. On
    /// file systems that cannot do this, nothing happens.
    pub(crate) fn reserve(&self, bytes: u64) {
        if let Some(file) = &*self.locked() {
            let _ = rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes);
        }
    }

    /// Returns the identity of the open file, whatever is at its path by now.
    pub(crate) fn identity(&self) -> io::Result<Option<FileIdentity>> {
        self.locked()
            .as_ref()
            .map(FileIdentity::of_open)
            .transpose()
    }

    fn locked(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock()
    }
}

impl FileClaim {
    /// Claims the file at this path; returns `None` if there is none.
    pub(super) async fn take(
        store: &Path,
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        let since = Instant::now();
        loop {
            match attempt(store).map_err(|error| config.unreachable(&error))? {
                ClaimAttempt::Claimed(claim) => return Ok(Some(claim)),
                ClaimAttempt::Absent => return Ok(None),
                ClaimAttempt::Held(holder) if since.elapsed() > ENDING => {
                    return Err(OpenError::Locked {
                        store: config.store(),
                        holder,
                    });
                }
                ClaimAttempt::Held(_) | ClaimAttempt::Replaced => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Releases the claim while connections may still be open: the descriptor stays open for as
    /// long as the process lives.
    pub(super) fn leave_open(self) {
        if let Some(file) = self.file.locked().take() {
            let _ = file.unlock();
            std::mem::forget(file);
        }
    }

    /// Returns the file's descriptor, which is closed with the claim.
    pub(super) fn file(&self) -> OpenFile {
        self.file.clone()
    }
}

impl Drop for FileClaim {
    fn drop(&mut self) {
        let mut held = held();
        self.file.locked().take();
        held.remove(&self.identity);
    }
}

enum ClaimAttempt {
    Claimed(FileClaim),
    Held(String),
    /// Another file came to the path in the meantime.
    Replaced,
    Absent,
}

fn attempt(store: &Path) -> io::Result<ClaimAttempt> {
    let Some(identity) = FileIdentity::at(store)? else {
        return Ok(ClaimAttempt::Absent);
    };
    let mut held = held();
    if held.contains(&identity) {
        return Ok(ClaimAttempt::Held(format!(
            "process {}",
            std::process::id()
        )));
    }
    let file = OpenOptions::new().read(true).write(true).open(store)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(ClaimAttempt::Held(holder(identity))),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if FileIdentity::of_open(&file)? != identity || FileIdentity::at(store)? != Some(identity) {
        return Ok(ClaimAttempt::Replaced);
    }
    held.insert(identity);
    let file = OpenFile(Arc::new(Mutex::new(Some(file))));
    Ok(ClaimAttempt::Claimed(FileClaim { file, identity }))
}

fn held() -> MutexGuard<'static, BTreeSet<FileIdentity>> {
    HELD.lock()
}

/// Returns who holds the lock under another name of the file, as far as the kernel shows it.
fn holder(of: FileIdentity) -> String {
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    match process_in(&locks, &of.in_locks()) {
        Some(process) => format!("process {process}, under another name of the same file"),
        None => "another server, under another name of the same file".to_owned(),
    }
}

/// Parses lines such as `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`; the process is 0 or less
/// if it belongs to another namespace.
fn process_in(locks: &str, file: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_flock = words.next() == Some("FLOCK");
        let process = words.nth(2)?.parse().ok()?;
        (is_flock && words.next() == Some(file) && process > 0).then_some(process)
    })
}

#[cfg(test)]
mod tests {
    use super::process_in;

    #[test]
    fn the_holder_of_a_lock_is_found_among_those_of_the_kernel() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 08:01:42 0 EOF\n\
            2: FLOCK  ADVISORY  WRITE 12 08:01:421 0 EOF\n\
            2: -> FLOCK  ADVISORY  WRITE 15 08:01:42 0 EOF\n\
            3: FLOCK  ADVISORY  WRITE 13 08:01:42 0 EOF\n\
            4: FLOCK  ADVISORY  WRITE 0 08:01:43 0 EOF\n";
        assert_eq!(process_in(locks, "08:01:42"), Some(13));
        assert_eq!(process_in(locks, "08:01:43"), None);
        assert_eq!(process_in("", "08:01:42"), None);
    }
}
