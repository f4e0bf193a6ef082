//! Databases that cannot be replicas. The system tests show how real replicas serve.

use crate::backend::postgres::connect;
use crate::kit::{Place, Store};
use crate::{
    Backend, Connection, DatabaseConfig, PostgresUrl, Reader, ReplicaOf, StorageError, epoch,
};
use std::time::Duration;

fn replica(of: &str, place: &Place) -> DatabaseConfig {
    DatabaseConfig {
        name: "core-replica-1".to_owned(),
        critical: false,
        replica_of: Some(ReplicaOf {
            primary: of.to_owned(),
            lag_max: Duration::from_secs(10),
        }),
        ..place.config()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_its_primary_does_not_open() {
    let store = Store::new().await;
    let place = Place::new().await;
    let lonely = replica("nobody", &place);
    let told = store.registry().open(lonely).await.err().unwrap();
    let told = told.to_string();
    assert!(told.contains("no database nobody"), "{told}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_standby_does_not_open_and_the_primary_answers() {
    let store = Store::new().await;
    let place = Place::new().await;
    let other = replica("core", &place);
    let told = store.registry().open(other).await.err().unwrap();
    let told = told.to_string();
    // SQLite, and an empty server without a schema, which takes writes.
    let expected = ["SQLite has no replicas", "core-replica-1"];
    assert!(expected.iter().any(|text| told.contains(text)), "{told}");
    let read: Result<i64, StorageError> = store
        .database()
        .read_spread(
            "storage.test",
            |_| Box::pin(async { Ok(Some(1)) }),
            |_| Box::pin(async { Ok(7) }),
            |found, least: &i64| found >= least,
        )
        .await;
    assert_eq!(read.unwrap(), 7);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_reached_through_its_primary_alone() {
    let store = Store::new().await;
    let place = Place::new().await;
    store.registry().register(replica("core", &place));
    assert!(store.registry().database("core-replica-1").is_none());
    let default = store.registry().database("default").unwrap();
    assert_eq!(default.name(), "core");
    let names = store.registry().metrics().into_iter();
    let tied: Vec<_> = names
        .map(|one| (one.database, one.replica.is_some()))
        .collect();
    let expected = [
        ("core".to_owned(), false),
        ("core-replica-1".to_owned(), true),
    ];
    assert_eq!(tied, expected);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_has_the_epoch_of_its_primary() {
    let server = fixtures::Postgres::alone();
    let config = DatabaseConfig {
        url: super::open::postgres(&server.url("postgres")),
        ..Place::on(Backend::Postgres).await.config()
    };
    let registry = super::open::registry();
    let database = registry.open(config).await.unwrap();
    let standby = server.standby();
    let url = PostgresUrl::parse(&standby.url("postgres")).unwrap();
    let mut connection = connect(&url, None).await.unwrap();
    let mut reader = Reader::new(Connection::Postgres(&mut connection));
    assert_eq!(epoch(&mut reader).await.unwrap(), database.epoch());
    registry.close(Duration::from_secs(10)).await;
}
