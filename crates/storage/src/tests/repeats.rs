//! Reads are retried after a transient fault, a few times and within their time.

use super::notes::{Manner, Note, all, notes, store, store_on};
use crate::prelude::*;
use crate::{Backend, Database, StorageError};
use diesel::result::{DatabaseErrorKind, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Counts the notes after so many faults of a locked database.
async fn count_after(database: &Database, faults: u32) -> Result<(i64, u32), StorageError> {
    let tried = Arc::new(AtomicU32::new(0));
    let read = database.read("storage.test_count", move |reader| {
        Box::pin(async move {
            let tried = tried.fetch_add(1, Ordering::Relaxed);
            if tried < faults {
                let text = Box::new("database is locked".to_owned());
                return Err(Error::DatabaseError(DatabaseErrorKind::Unknown, text).into());
            }
            let count: i64 = query!(reader, |c| notes::table.count().get_result(c))?;
            Ok((count, tried + 1))
        })
    });
    read.await
}

fn read_repeats(database: &Database) -> u64 {
    database.slot().metrics().read_repeats
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_repeated_when_a_fault_passes() {
    let (store, _) = store().await;
    store.run(Note(1, Manner::Well)).await.unwrap();
    assert_eq!(count_after(store.database(), 2).await.unwrap(), (1, 3));
    assert_eq!(read_repeats(store.database()), 2);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_that_stays_is_told_after_a_few_attempts() {
    let (store, _) = store().await;
    let began = tokio::time::Instant::now();
    let told = count_after(store.database(), u32::MAX).await;
    assert!(
        matches!(told, Err(StorageError::Unavailable { .. })),
        "{told:?}"
    );
    assert_eq!(read_repeats(store.database()), 4);
    assert!(began.elapsed() < Duration::from_secs(2));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_connection_dies_is_read_on_another() {
    let (store, _) = store_on(Backend::Postgres).await;
    store.run(Note(1, Manner::Well)).await.unwrap();
    let tried = Arc::new(AtomicU32::new(0));
    let read = store.database().read("storage.test_dies", move |reader| {
        Box::pin(async move {
            if tried.fetch_add(1, Ordering::Relaxed) == 0 {
                let kill = "SELECT pg_terminate_backend(pg_backend_pid())";
                query!(reader, |c| diesel::sql_query(kill).execute(c))?;
            }
            Ok(query!(reader, |c| notes::table
                .count()
                .get_result::<i64>(c))?)
        })
    });
    assert_eq!(read.await.unwrap(), 1);
    assert_eq!(read_repeats(store.database()), 1);
    assert_eq!(all(store.database()).await.unwrap(), [1]);
    store.close().await;
}
