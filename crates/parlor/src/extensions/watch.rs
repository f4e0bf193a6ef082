//! Names the extension that holds a thread: it loops or blocks where it should wait.

use super::metrics::extension_of;
use bus::{HeldThread, Tasks};
use extension::HeldThreads;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How often threads are looked at, and how long one may be held before the log says so.
const EVERY: Duration = Duration::from_secs(1);
const HELD: Duration = Duration::from_secs(2);

/// The most tasks of one extension that are named.
const NAMED_MAX: usize = 8;

/// Where the tasks are noted that hold a thread, by extension.
pub(super) type Notes = BTreeMap<&'static str, Arc<HeldThreads>>;

/// Starts the watch as a task of the server's own, which no extension can hold up.
pub(super) fn start(tasks: &Tasks, of_extensions: &Tasks, notes: Notes) {
    let watched = of_extensions.clone();
    let watch = Arc::new(Watch {
        notes,
        known: Mutex::default(),
    });
    tasks.periodic("extensions", "watch", EVERY, 0.1, move || {
        watch.look(watched.holding(HELD));
        std::future::ready(Ok(()))
    });
}

struct Watch {
    notes: Notes,
    /// The tasks that held a thread at the last look.
    known: Mutex<BTreeSet<String>>,
}

impl Watch {
    /// Notes the tasks that hold a thread, and logs each once until it lets go.
    fn look(&self, held: Vec<HeldThread>) {
        let mut known = self.known.lock();
        let mut now = BTreeSet::new();
        let mut of_extension = BTreeMap::<&str, Vec<String>>::new();
        for held in held {
            let extension = extension_of(held.owner);
            let task = format!("{}: {}", held.owner, held.name);
            let named = of_extension.entry(extension).or_default();
            if now.contains(&task) || named.len() == NAMED_MAX {
                continue;
            }
            if !known.contains(&task) {
                tracing::warn!(
                    extension,
                    task,
                    held_ms = u64::try_from(held.held.as_millis()).unwrap_or(u64::MAX),
                    "an extension holds a thread: it loops or blocks where it should wait; chat goes on"
                );
            }
            named.push(task.clone());
            now.insert(task);
        }
        *known = now;
        for (extension, note) in &self.notes {
            note.set(of_extension.remove(extension).unwrap_or_default());
        }
    }
}
