//! Locks that jobs of several lanes share.

use super::faults::repeats;
use super::notes::{Unwanted, store};
use crate::{Access as _, Backend, Job, JobError, LaneKey, Writer, statement};
use diesel::sql_types::BigInt;
use futures_util::future::join_all;

/// Keys of two different lanes.
const LANES: [u64; 2] = [7, 8];

/// A job that needs one lock, and holds it for a while.
struct Locking {
    lane: u64,
    lock: i64,
}

impl Job for Locking {
    const NAME: &'static str = "storage.test_locking";
    const LOCKS: bool = true;
    type Answer = bool;
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(self.lane)
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, crate::Fault> {
        Ok(vec![self.lock])
    }

    /// Returns whether this transaction holds the lock.
    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Unwanted>> {
        if tx.backend() == Backend::Sqlite {
            return Ok(true);
        }
        statement!(tx, |c| diesel::sql_query("SELECT pg_sleep(0.002)")
            .execute(c))?;
        let held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND pid = pg_backend_pid() AND objid::bigint = $1";
        let held = statement!(tx, |c| diesel::sql_query(held)
            .bind::<BigInt, _>(self.lock)
            .execute(c))?;
        Ok(held == 1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_need_the_same_locks_in_opposite_orders_do_not_deadlock() {
    let (store, _) = store().await;
    for _ in 0..20 {
        let jobs = (1..=8).flat_map(|lock| {
            let orders = [lock, 9 - lock].into_iter().zip(LANES);
            orders.map(|(lock, lane)| store.run(Locking { lane, lock }))
        });
        let held = join_all(jobs).await;
        assert!(held.iter().all(|held| *held == Ok(true)), "{held:?}");
    }
    assert_eq!(repeats(store.database()), 0, "nobody was in anybody's way");
    store.close().await;
}
