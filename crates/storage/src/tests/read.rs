//! Reads: snapshots that write nothing and outlive their callers.

use super::notes::{Manner, Note, all, hold, make_table, notes, store};
use crate::kit::Store;
use crate::prelude::*;
use crate::{Backend, Connection, StorageError};
use bus::AskError;
use parking_lot::Mutex;
use std::sync::{Arc, mpsc};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_cannot_write() {
    let (store, _) = store().await;
    let written = store.database().read("storage.test_write", |reader| {
        Box::pin(async move {
            query!(reader, |c| diesel::insert_into(notes::table)
                .values(notes::id.eq(1))
                .execute(c))?;
            Ok(())
        })
    });
    assert!(matches!(written.await, Err(StorageError::Failed { .. })));
    assert_eq!(
        store.run(Note(2, Manner::Well)).await,
        Ok(2),
        "a writer may write afterwards"
    );
    assert_eq!(all(store.database()).await.unwrap(), [2]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_sees_one_snapshot() {
    let (store, _) = store().await;
    let (started, has_started) = mpsc::sync_channel(0);
    let (written, is_written) = mpsc::sync_channel(0);
    let is_written = Arc::new(Mutex::new(is_written));
    let database = store.database().clone();
    let read = database.read("storage.test_snapshot", move |reader| {
        Box::pin(async move {
            let before: i64 = query!(reader, |c| notes::table.count().get_result(c))?;
            tokio::task::block_in_place(|| {
                started.send(()).unwrap();
                is_written.lock().recv().unwrap();
            });
            let after: i64 = query!(reader, |c| notes::table.count().get_result(c))?;
            Ok((before, after))
        })
    });
    let write = async {
        tokio::task::spawn_blocking(move || has_started.recv().unwrap())
            .await
            .unwrap();
        store.run(Note(1, Manner::Well)).await.unwrap();
        written.send(()).unwrap();
    };
    let (read, ()) = tokio::join!(read, write);
    assert_eq!(read.unwrap(), (0, 0));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_caller_has_gone_ends_and_gives_its_connection_back() {
    let store = Store::configured(|config, _| config.pool_max = 1, |_, _| {}).await;
    make_table(&store).await;
    let (started, has_started) = mpsc::sync_channel(0);
    let (go_on, may_go_on) = mpsc::sync_channel(0);
    let may_go_on = Arc::new(Mutex::new(may_go_on));
    let (ended, has_ended) = mpsc::sync_channel(0);
    let database = store.database().clone();
    let mut read = Box::pin(database.read("storage.test_dropped", move |reader| {
        Box::pin(async move {
            tokio::task::block_in_place(|| {
                started.send(()).unwrap();
                may_go_on.lock().recv().unwrap();
            });
            let notes: i64 = query!(reader, |c| notes::table.count().get_result(c))?;
            tokio::task::block_in_place(|| ended.send(notes).unwrap());
            Ok(())
        })
    }));
    let started = tokio::task::spawn_blocking(move || has_started.recv().unwrap());
    tokio::select! {
        _ = &mut read => panic!("it may not go on yet"),
        started = started => started.unwrap(),
    }
    drop(read);
    let ended = tokio::task::spawn_blocking(move || {
        go_on.send(()).unwrap();
        has_ended.recv().unwrap()
    });
    assert_eq!(ended.await.unwrap(), 0, "the query ends without its caller");
    assert!(
        all(store.database()).await.unwrap().is_empty(),
        "the one connection is back"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_panics_fails_alone() {
    let store = Store::configured(|config, _| config.pool_max = 1, |_, _| {}).await;
    make_table(&store).await;
    for _ in 0..3 {
        let read: Result<(), _> = store
            .database()
            .read("storage.test_panic", |_| {
                Box::pin(async { panic!("a read that panics") })
            })
            .await;
        assert!(matches!(read, Err(StorageError::Failed { .. })));
    }
    assert!(all(store.database()).await.unwrap().is_empty());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_share_a_pool_of_one() {
    let store = Store::configured(|config, _| config.pool_max = 1, |_, _| {}).await;
    make_table(&store).await;
    let writes = (1..=30).map(|id| store.run(Note(id, Manner::Well)));
    let reads = (1..=30).map(|_| all(store.database()));
    let (writes, reads) = tokio::join!(
        futures_util::future::join_all(writes),
        futures_util::future::join_all(reads)
    );
    assert!(writes.iter().all(Result::is_ok));
    assert!(reads.iter().all(Result::is_ok));
    assert_eq!(all(store.database()).await.unwrap().len(), 30);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_connection_a_reader_is_told_in_time() {
    let few = |config: &mut crate::DatabaseConfig, _: &mut bus::Settings| {
        config.pool_max = 1;
        config.acquire_timeout = Duration::from_millis(50);
    };
    let store = Store::configured(few, |_, _| {}).await;
    make_table(&store).await;
    let held = hold(store.database()).await;
    let refused = all(store.database()).await;
    let Err(error @ StorageError::Saturated { max: 1, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(matches!(
        AskError::from(error),
        AskError::Unavailable { .. }
    ));
    drop(held);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backend_is_known_to_a_query() {
    let (store, _) = store().await;
    let backend = store.database().read("storage.test_backend", |reader| {
        Box::pin(async move {
            let same = match reader.connection() {
                Connection::Sqlite(_) => Backend::Sqlite,
                Connection::Postgres(_) => Backend::Postgres,
            };
            assert_eq!(reader.backend(), same);
            Ok(same)
        })
    });
    assert_eq!(backend.await.unwrap(), store.config().url.backend());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_has_the_epoch_of_its_data() {
    let (store, _) = store().await;
    let database = store.database().clone();
    let read = || {
        database.read("storage.test_epoch", |reader| {
            Box::pin(async move { crate::epoch(reader).await })
        })
    };
    assert_eq!(read().await.unwrap(), database.epoch());
    let known = store.run(ReplaceEpoch).await.unwrap();
    let found = read().await.unwrap();
    assert_eq!(found, known, "a transaction sees its own");
    assert!(found.starts_with("another"), "{found}");
    assert!(!database.epoch().starts_with("another"), "not yet noticed");
    store.close().await;
}

/// Replaces the epoch, and returns it as this transaction sees it.
struct ReplaceEpoch;

impl Job for ReplaceEpoch {
    const NAME: &'static str = "storage.test_replace_epoch";
    type Answer = String;
    type Refusal = std::convert::Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<String, JobError<Self::Refusal>> {
        let replace = "UPDATE storage_meta SET value = 'another' WHERE key = 'epoch'";
        statement!(tx, |c| diesel::sql_query(replace).execute(c))?;
        Ok(crate::epoch(tx).await?)
    }
}
