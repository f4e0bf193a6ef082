//! Reads of a file in batches: a caller that gets a connection also runs the reads that others have
//! queued.
//!
//! Moving to a thread and back costs as much as most reads do. So each read is queued first and
//! then waits for a connection in turn. The caller that gets one runs its own read and goes on with
//! the queued ones; a caller whose read is done needs no connection any more. Each queued read
//! still waits for a connection of its own, so none depends on others.

use crate::{Connection, Fault, Reader};
use diesel::SqliteConnection;
use futures_util::FutureExt as _;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A read, to be run with a snapshot or with the error of opening one. Returns false if the
/// connection must be checked before anyone uses it again.
pub(crate) type QueuedRead = Box<dyn FnOnce(Result<&mut Reader<'_>, Fault>) -> bool + Send>;

/// The most queued reads that one caller runs. Then it returns the connection: a write may wait for
/// it.
const READS_MAX: usize = 32;

/// Reads that wait for a connection, in the order of their arrival. Their number is bounded by
/// their callers, which wait.
#[derive(Default)]
pub(crate) struct ReadQueue {
    waiting: Mutex<PendingReads>,
}

#[derive(Default)]
struct PendingReads {
    reads: BTreeMap<u64, QueuedRead>,
    tickets: u64,
}

/// The place of a queued read; dropping it withdraws the read.
pub(crate) struct Ticket {
    queue: Arc<ReadQueue>,
    ticket: u64,
}

impl ReadQueue {
    /// Queues a read.
    pub(crate) fn join(self: &Arc<Self>, read: QueuedRead) -> Ticket {
        let mut waiting = self.waiting();
        let ticket = waiting.tickets;
        waiting.tickets += 1;
        waiting.reads.insert(ticket, read);
        Ticket {
            queue: Arc::clone(self),
            ticket,
        }
    }

    /// Runs the caller's own read, then queued ones. Blocks.
    pub(crate) fn run(&self, own: QueuedRead, connection: &mut SqliteConnection) {
        let mut reader = Reader::new(Connection::Sqlite(connection));
        let mut left = READS_MAX;
        let mut next = Some(own);
        while let Some(first) = next.take() {
            if self.share_a_snapshot(first, &mut reader, &mut left) {
                next = self.next(u64::MAX, &mut left);
            }
        }
    }

    /// Runs all reads in one snapshot that were queued when it was opened: callers that come later
    /// may have seen a later commit. Returns false if something went wrong.
    fn share_a_snapshot(
        &self,
        first: QueuedRead,
        reader: &mut Reader<'_>,
        left: &mut usize,
    ) -> bool {
        let joined = self.waiting().tickets;
        if let Err(error) = at_once(reader.begin()) {
            return first(Err(error.into()));
        }
        let mut next = Some(first);
        let mut is_well = true;
        while let Some(read) = next.take() {
            is_well = read(Ok(reader));
            if is_well {
                next = self.next(joined, left);
            }
        }
        at_once(reader.end()).is_ok() && is_well
    }

    /// Takes the first queued read, if it came before this ticket and the caller may run one more.
    fn next(&self, before: u64, left: &mut usize) -> Option<QueuedRead> {
        *left = left.checked_sub(1)?;
        let mut waiting = self.waiting();
        let first = waiting.reads.first_entry()?;
        (*first.key() < before).then(|| first.remove())
    }

    fn waiting(&self) -> MutexGuard<'_, PendingReads> {
        self.waiting.lock()
    }
}

/// Returns the result of a query on a thread of its own, where nothing waits.
fn at_once<T>(query: impl Future<Output = T>) -> T {
    query
        .now_or_never()
        .expect("a read awaits nothing but its queries")
}

impl Ticket {
    /// Takes the read back; returns `None` if another caller has begun it.
    pub(crate) fn take_back(&self) -> Option<QueuedRead> {
        self.queue.waiting().reads.remove(&self.ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Dropped outside the lock: the read may own much.
        drop(self.take_back());
    }
}

#[cfg(test)]
mod tests {
    use super::{QueuedRead, READS_MAX, ReadQueue, Ticket};
    use crate::backend::sqlite;
    use crate::{Access as _, Connection, Fault, Reader};
    use diesel::sql_types::BigInt;
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
    use parking_lot::Mutex;
    use std::sync::{Arc, mpsc};

    /// A batch, and the names of the reads that were run.
    #[derive(Default)]
    struct Trial {
        queue: Arc<ReadQueue>,
        done: Arc<Mutex<Vec<usize>>>,
    }

    impl Trial {
        fn read(&self, name: usize, ends_well: bool) -> QueuedRead {
            let done = Arc::clone(&self.done);
            Box::new(move |_| {
                done.lock().push(name);
                ends_well
            })
        }

        fn join(&self, name: usize) -> Ticket {
            self.queue.join(self.read(name, true))
        }

        fn run(&self, own: QueuedRead) {
            let mut connection = sqlite::connect(":memory:").unwrap();
            self.queue.run(own, &mut connection);
        }

        fn done(&self) -> Vec<usize> {
            self.done.lock().clone()
        }
    }

    #[test]
    fn who_has_a_connection_does_its_own_work_and_then_that_of_others_in_turn() {
        let trial = Trial::default();
        let _places = [1, 2, 3].map(|name| trial.join(name));
        trial.run(trial.read(9, true));
        assert_eq!(trial.done(), [9, 1, 2, 3]);
    }

    #[test]
    fn what_was_given_up_is_not_done() {
        let trial = Trial::default();
        let places = [1, 2, 3].map(|name| trial.join(name));
        let [first, second, third] = places;
        drop(second);
        trial.run(trial.read(9, true));
        assert_eq!(trial.done(), [9, 1, 3]);
        assert!(first.take_back().is_none() && third.take_back().is_none());
    }

    #[test]
    fn after_a_failure_the_connection_goes_home_first() {
        let trial = Trial::default();
        let ticket = trial.join(1);
        trial.run(trial.read(9, false));
        assert_eq!(trial.done(), [9]);
        assert!(ticket.take_back().is_some(), "it waits for another");
    }

    #[test]
    fn nobody_keeps_a_connection_for_ever() {
        let trial = Trial::default();
        let many = 2 * READS_MAX;
        let _places: Vec<Ticket> = (0..many).map(|name| trial.join(name)).collect();
        trial.run(trial.read(many, true));
        assert_eq!(trial.done().len(), 1 + READS_MAX);
    }

    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }

    fn notes(reader: Result<&mut Reader<'_>, Fault>) -> i64 {
        let Connection::Sqlite(c) = reader.unwrap().connection() else {
            unreachable!("it is a file")
        };
        let count = sql_query("SELECT count(*) AS count FROM notes").get_result::<Count>(c);
        count.unwrap().count
    }

    #[test]
    fn whoever_joins_after_a_commit_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.db");
        let open = || crate::backend::sqlite::open(file.to_str().unwrap()).unwrap();
        let (mut reading, mut writing) = (open(), open());
        sql_query("CREATE TABLE notes (id INTEGER)")
            .execute(&mut writing)
            .unwrap();
        let queue = Arc::new(ReadQueue::default());
        let (sender, received) = mpsc::channel();
        let (joined, meanwhile) = (Arc::clone(&queue), Arc::new(Mutex::new(None)));
        let kept = Arc::clone(&meanwhile);
        let own: QueuedRead = Box::new(move |reader| {
            assert_eq!(notes(reader), 0);
            let insert = sql_query("INSERT INTO notes VALUES (1)");
            insert.execute(&mut writing).unwrap();
            let ticket = joined.join(Box::new(move |reader| {
                sender.send(notes(reader)).unwrap();
                true
            }));
            kept.lock().replace(ticket);
            true
        });
        queue.run(own, &mut reading);
        assert_eq!(received.try_recv(), Ok(1));
        assert!(meanwhile.lock().is_some());
    }
}
