//! Names the extension that holds a thread: it loops or blocks where it should wait.

use bus::Tasks;
use extension::HeldThreads;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often threads are looked at, and how long one may be held before the log says so.
const EVERY: Duration = Duration::from_secs(1);
const HELD: Duration = Duration::from_secs(2);

/// The most tasks of one extension that are named.
const NAMED_MAX: usize = 8;

/// An extension whose threads are watched.
pub(super) struct Watched {
    pub(super) extension: &'static str,
    /// The tasks of the extension.
    pub(super) tasks: Tasks,
    /// Where those are noted that hold a thread.
    pub(super) note: Arc<HeldThreads>,
}

/// Starts the watch as a task of the server's own, which no extension can hold up.
pub(super) fn start(tasks: &Tasks, watched: Vec<Watched>) {
    if watched.is_empty() {
        return;
    }
    let watch = Arc::new(Watch {
        watched,
        known: Mutex::default(),
    });
    tasks.periodic("extensions", "watch", EVERY, 0.1, move || {
        watch.look();
        std::future::ready(Ok(()))
    });
}

struct Watch {
    watched: Vec<Watched>,
    /// The tasks that held a thread at the last look.
    known: Mutex<BTreeSet<String>>,
}

impl Watch {
    /// Notes the tasks that hold a thread, and logs each once until it lets go.
    fn look(&self) {
        let mut known = self.known.lock();
        let mut all = BTreeSet::new();
        for Watched {
            extension,
            tasks,
            note,
        } in &self.watched
        {
            let mut named = BTreeSet::new();
            for held in tasks.holding(HELD).into_iter().take(NAMED_MAX) {
                let task = format!("{}: {}", held.owner, held.name);
                if named.insert(task.clone()) && !known.contains(&task) {
                    tracing::warn!(
                        extension,
                        task,
                        held_ms = u64::try_from(held.held.as_millis()).unwrap_or(u64::MAX),
                        "an extension holds a thread: it loops or blocks where it should wait; chat goes on"
                    );
                }
            }
            note.set(named.iter().cloned().collect());
            all.extend(named);
        }
        *known = all;
    }
}
