//! Opening, locking, migrating and closing.

use super::notes::store;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_hundred_times_leaves_the_connections_as_they_were() {
    let (store, _) = store().await;
    let before = store.database().parts().pool.size();
    let opened = (0..100).map(|_| store.registry().open(store.config().clone()));
    for database in join_all(opened).await {
        assert_eq!(database.unwrap().epoch(), store.database().epoch());
    }
    assert_eq!(store.database().parts().pool.size(), before);
    store.close().await;
}
