//! Group commit: what jobs, their callers and the bus can rely on.

use super::notes::{
    Manner, Note, Noted, SetNote, Unwanted, all, ask, ask_within, batches, hold, store,
};
use crate::StorageError;
use bus::AskError;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_as_one_batch() {
    let (store, seen) = store().await;
    let held = hold(store.database()).await;
    let before = batches(store.database());
    let answers: Vec<_> = (1..=100)
        .map(|id| ask(store.database(), Note(id, Manner::Well)))
        .collect();
    drop(held);
    for (id, answer) in (1..=100).zip(answers) {
        assert_eq!(answer.await, Ok(Ok(id)));
    }
    assert_eq!(batches(store.database()) - before, 1);
    store.quiet().await;
    let stated: Vec<i64> = seen.facts().iter().map(|noted| noted.0).collect();
    assert_eq!(
        stated,
        (1..=100).collect::<Vec<_>>(),
        "facts in the order of the jobs"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_job_fails_alone() {
    let (store, seen) = store().await;
    let held = hold(store.database()).await;
    let manners = [
        Manner::Well,
        Manner::Breaks,
        Manner::Well,
        Manner::Panics,
        Manner::Refuses,
        Manner::Well,
    ];
    let mut answers = Vec::new();
    for (id, manner) in (1..).zip(manners) {
        answers.push(ask(store.database(), Note(id, manner)));
    }
    drop(held);
    let mut ends = Vec::new();
    for answer in answers {
        ends.push(answer.await);
    }
    let failed = || Err(AskError::Failed);
    assert_eq!(
        ends,
        [
            Ok(Ok(1)),
            failed(),
            Ok(Ok(3)),
            failed(),
            Ok(Err(Unwanted)),
            Ok(Ok(6))
        ]
    );
    assert_eq!(
        all(store.database()).await.unwrap(),
        [1, 3, 6],
        "the others left nothing"
    );
    store.quiet().await;
    let stated: Vec<i64> = seen.facts().iter().map(|noted| noted.0).collect();
    assert_eq!(stated, [1, 3, 6], "what was rolled back is not stated");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_of_one_kind_run_as_a_set() {
    let (store, seen) = store().await;
    let held = hold(store.database()).await;
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let set = |id, manner| ask(store.database(), SetNote(id, manner, Arc::clone(&sizes)));
    let answers = [
        set(1, Manner::Well),
        set(2, Manner::Refuses),
        set(3, Manner::Well),
    ];
    let between = ask(store.database(), Note(4, Manner::Well));
    let last = set(5, Manner::Well);
    drop(held);
    let [one, two, three] = answers;
    assert_eq!(one.await, Ok(Ok(1)));
    assert_eq!(two.await, Ok(Err(Unwanted)));
    assert_eq!(three.await, Ok(Ok(3)));
    assert_eq!(between.await, Ok(Ok(4)));
    assert_eq!(last.await, Ok(Ok(5)));
    assert_eq!(
        *sizes.lock(),
        [3, 1],
        "three neighbours, then one on its own"
    );
    store.quiet().await;
    let stated: Vec<i64> = seen.facts().iter().map(|noted| noted.0).collect();
    assert_eq!(stated, [1, 3, 4, 5]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_that_breaks_runs_again_one_by_one() {
    let (store, seen) = store().await;
    let held = hold(store.database()).await;
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let set = |id, manner| ask(store.database(), SetNote(id, manner, Arc::clone(&sizes)));
    let answers = [
        set(1, Manner::Well),
        set(2, Manner::Breaks),
        set(3, Manner::Well),
    ];
    drop(held);
    let [one, two, three] = answers;
    assert_eq!(one.await, Ok(Ok(1)));
    assert_eq!(two.await, Err(AskError::Failed));
    assert_eq!(three.await, Ok(Ok(3)));
    assert_eq!(*sizes.lock(), [3, 1, 1, 1]);
    assert_eq!(all(store.database()).await.unwrap(), [1, 3]);
    store.quiet().await;
    let stated: Vec<i64> = seen.facts().iter().map(|noted| noted.0).collect();
    assert_eq!(stated, [1, 3]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_is_on_the_bus_before_its_answer() {
    let (store, _) = store().await;
    for id in 1..=20 {
        let before = store.bus().metrics().published;
        assert_eq!(
            ask(store.database(), Note(id, Manner::Well)).await,
            Ok(Ok(id))
        );
        assert_eq!(store.bus().metrics().published, before + 1);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_time_is_up_before_it_began_is_not_run() {
    let (store, seen) = store().await;
    let held = hold(store.database()).await;
    let late = ask_within(
        store.database(),
        Note(1, Manner::Well),
        Duration::from_millis(20),
    );
    let withdrawn = store
        .database()
        .write(Note(2, Manner::Well), Duration::from_millis(20));
    assert!(late.await.is_err());
    assert!(matches!(
        withdrawn.await,
        Err(StorageError::Unavailable { .. })
    ));
    drop(held);
    assert_eq!(store.run(Note(3, Manner::Well)).await, Ok(3));
    assert_eq!(all(store.database()).await.unwrap(), [3]);
    store.quiet().await;
    assert_eq!(seen.facts().len(), 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_outlives_its_asker_is_committed_and_stated() {
    let (store, seen) = store().await;
    let held = super::notes::hold_within(store.database(), Duration::from_millis(20)).await;
    assert_eq!(held.answer.await, Err(AskError::OutcomeUnknown));
    drop(held.held);
    store.run(Note(2, Manner::Well)).await.unwrap();
    assert_eq!(all(store.database()).await.unwrap(), [1, 2]);
    store.quiet().await;
    assert_eq!(*seen.facts()[0], Noted(1));
    store.close().await;
}
