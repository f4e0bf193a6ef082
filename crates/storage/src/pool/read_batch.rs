//! Reads of a file go to its threads together: whoever gets a connection takes along what others
//! wait for.
//!
//! To move to a thread and back costs as much as most reads do. So a read first puts its work into
//! a line and then waits for a connection in turn, as ever. When that comes it does its own work
//! and goes on with what is in the line; whoever finds its work done needs no connection any more.
//! Each read in line still waits for a connection of its own, so nobody depends on being carried.

use crate::{Connection, Fault, Reader};
use diesel::SqliteConnection;
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A read, to be done in a snapshot, or to be told why there is none. False: the connection is to be
/// looked at before anyone uses it again.
pub(crate) type QueuedRead = Box<dyn FnOnce(Result<&mut Reader<'_>, Fault>) -> bool + Send>;

/// The most reads that one takes along. Then its connection goes home: a write may wait for it.
const CARRIED_MAX: usize = 32;

/// What waits for a connection, in the order of coming. As long as its callers wait: they bound it.
#[derive(Default)]
pub(crate) struct ReadBatch {
    waiting: Mutex<PendingReads>,
}

#[derive(Default)]
struct PendingReads {
    works: BTreeMap<u64, QueuedRead>,
    tickets: u64,
}

/// A place in a line, given up when it is dropped.
pub(crate) struct Ticket {
    line: Arc<ReadBatch>,
    ticket: u64,
}

impl ReadBatch {
    /// Puts work into the line.
    pub(crate) fn join(self: &Arc<Self>, work: QueuedRead) -> Ticket {
        let mut waiting = self.waiting();
        let ticket = waiting.tickets;
        waiting.tickets += 1;
        waiting.works.insert(ticket, work);
        Ticket {
            line: Arc::clone(self),
            ticket,
        }
    }

    /// Does one's own work, then what waits, on a thread where that may take its time.
    pub(crate) fn carry(&self, own: QueuedRead, connection: &mut SqliteConnection) {
        let mut reader = Reader::new(Connection::Sqlite(connection));
        let mut left = CARRIED_MAX;
        let mut next = Some(own);
        while let Some(first) = next.take() {
            if self.share_a_snapshot(first, &mut reader, &mut left) {
                next = self.next(u64::MAX, &mut left);
            }
        }
    }

    /// All that had joined when the snapshot was opened: whoever comes later may have seen a later
    /// commit. False: something went wrong.
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
        while let Some(work) = next.take() {
            is_well = work(Ok(reader));
            if is_well {
                next = self.next(joined, left);
            }
        }
        at_once(reader.end()).is_ok() && is_well
    }

    /// The first in line, if it came before this ticket was given and one more may be taken along.
    fn next(&self, before: u64, left: &mut usize) -> Option<QueuedRead> {
        *left = left.checked_sub(1)?;
        let mut waiting = self.waiting();
        let first = waiting.works.first_entry()?;
        (*first.key() < before).then(|| first.remove())
    }

    fn waiting(&self) -> MutexGuard<'_, PendingReads> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing waits on a thread of a file's.
fn at_once<T>(query: impl Future<Output = T>) -> T {
    query
        .now_or_never()
        .expect("a read awaits nothing but its queries")
}

impl Ticket {
    /// Takes the work back. `None`: another has begun it.
    pub(crate) fn leave(&self) -> Option<QueuedRead> {
        self.line.waiting().works.remove(&self.ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Not under the lock: what the work holds may be much.
        drop(self.leave());
    }
}

#[cfg(test)]
mod tests {
    use super::{CARRIED_MAX, QueuedRead, ReadBatch, Ticket};
    use crate::Access as _;
    use crate::Connection;
    use crate::Fault;
    use crate::Reader;
    use diesel::sql_types::BigInt;
    use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
    use std::sync::{Arc, Mutex, mpsc};

    /// A line, and what was done of it.
    #[derive(Default)]
    struct Trial {
        line: Arc<ReadBatch>,
        done: Arc<Mutex<Vec<usize>>>,
    }

    impl Trial {
        fn work(&self, name: usize, ends_well: bool) -> QueuedRead {
            let done = Arc::clone(&self.done);
            Box::new(move |_| {
                done.lock().unwrap().push(name);
                ends_well
            })
        }

        fn join(&self, name: usize) -> Ticket {
            self.line.join(self.work(name, true))
        }

        fn carry(&self, own: QueuedRead) {
            let mut connection = SqliteConnection::establish(":memory:").unwrap();
            self.line.carry(own, &mut connection);
        }

        fn done(&self) -> Vec<usize> {
            self.done.lock().unwrap().clone()
        }
    }

    #[test]
    fn who_has_a_connection_does_its_own_work_and_then_that_of_others_in_turn() {
        let trial = Trial::default();
        let _places = [1, 2, 3].map(|name| trial.join(name));
        trial.carry(trial.work(9, true));
        assert_eq!(trial.done(), [9, 1, 2, 3]);
    }

    #[test]
    fn what_was_given_up_is_not_done() {
        let trial = Trial::default();
        let places = [1, 2, 3].map(|name| trial.join(name));
        let [first, second, third] = places;
        drop(second);
        trial.carry(trial.work(9, true));
        assert_eq!(trial.done(), [9, 1, 3]);
        assert!(first.leave().is_none() && third.leave().is_none());
    }

    #[test]
    fn after_a_failure_the_connection_goes_home_first() {
        let trial = Trial::default();
        let place = trial.join(1);
        trial.carry(trial.work(9, false));
        assert_eq!(trial.done(), [9]);
        assert!(place.leave().is_some(), "it waits for another");
    }

    #[test]
    fn nobody_keeps_a_connection_for_ever() {
        let trial = Trial::default();
        let many = 2 * CARRIED_MAX;
        let _places: Vec<Ticket> = (0..many).map(|name| trial.join(name)).collect();
        trial.carry(trial.work(many, true));
        assert_eq!(trial.done().len(), 1 + CARRIED_MAX);
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
        let line = Arc::new(ReadBatch::default());
        let (teller, told) = mpsc::channel();
        let (joined, meanwhile) = (Arc::clone(&line), Arc::new(Mutex::new(None)));
        let kept = Arc::clone(&meanwhile);
        let own: QueuedRead = Box::new(move |reader| {
            assert_eq!(notes(reader), 0);
            let insert = sql_query("INSERT INTO notes VALUES (1)");
            insert.execute(&mut writing).unwrap();
            let place = joined.join(Box::new(move |reader| {
                teller.send(notes(reader)).unwrap();
                true
            }));
            kept.lock().unwrap().replace(place);
            true
        });
        line.carry(own, &mut reading);
        assert_eq!(told.try_recv(), Ok(1));
        assert!(meanwhile.lock().unwrap().is_some());
    }
}
