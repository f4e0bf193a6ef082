//! Names the extension that holds a thread: it loops or blocks where it should wait.

use super::metrics::extension_of;
use bus::Tasks;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often threads are looked at, and how long one may be held before the log says so.
const EVERY: Duration = Duration::from_secs(1);
const HELD: Duration = Duration::from_secs(2);

/// Starts the watch as a task of the server's own, which no extension can hold up.
pub(super) fn start(tasks: &Tasks, of_extensions: &Tasks) {
    let watched = of_extensions.clone();
    let known = Arc::new(Mutex::new(BTreeSet::new()));
    tasks.periodic("extensions", "watch", EVERY, 0.1, move || {
        let (watched, known) = (watched.clone(), Arc::clone(&known));
        async move {
            look(&watched, &mut known.lock());
            Ok(())
        }
    });
}

/// Logs each task that holds its thread, once until it lets go.
fn look(watched: &Tasks, known: &mut BTreeSet<String>) {
    let mut now = BTreeSet::new();
    for held in watched.holding(HELD) {
        let task = format!("{}: {}", held.owner, held.name);
        if !known.contains(&task) {
            tracing::warn!(
                extension = extension_of(held.owner),
                task,
                held_ms = u64::try_from(held.held.as_millis()).unwrap_or(u64::MAX),
                "an extension holds a thread: it loops or blocks where it should wait; chat goes on"
            );
        }
        now.insert(task);
    }
    *known = now;
}
