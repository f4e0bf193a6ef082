//! Trials in which the database is down, slow or unreachable.

use crate::database::Hold;
use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::settings::Settings;
use crate::store::{Kind, Store};
use fixtures::Postgres;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Carries out an action on the database server while people go on chatting.
async fn order(store: &Store, what: fn(&Postgres)) {
    let postgres = Arc::clone(store.postgres());
    let done = tokio::task::spawn_blocking(move || what(&postgres));
    done.await.expect("the action does not panic");
}

/// PostgreSQL is stopped as after a power failure, and started again.
pub async fn stopped(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "PostgreSQL stopped at once, and started again";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    scene.begins();
    order(&store, Postgres::stop).await;
    tokio::time::sleep(lasting).await;
    order(&store, Postgres::start_again).await;
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.was_felt()
}

/// PostgreSQL is restarted several times in a row.
pub async fn restarted(store: Store, size: Size, times: usize) -> Report {
    let fault = "PostgreSQL restarted again and again";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    scene.begins();
    for _ in 0..times {
        order(&store, Postgres::restart).await;
        scene.ends().await;
    }
    scene.close().await.kept_its_word().kept_all_sockets()
}

/// PostgreSQL is frozen: connections stay open and nothing is answered.
pub async fn hung(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "PostgreSQL hung (SIGSTOP)";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    scene.begins();
    order(&store, Postgres::freeze).await;
    tokio::time::sleep(lasting).await;
    order(&store, Postgres::thaw).await;
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.was_felt()
}

/// Nothing passes between the server and PostgreSQL, not even the end of a connection.
pub async fn black_hole(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "PostgreSQL behind a black hole";
    let linked = Settings::default().linked();
    let mut scene = Scene::open(&store, fault, size, linked).await;
    scene.begins();
    store.link().silence();
    tokio::time::sleep(lasting).await;
    store.link().open();
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.was_felt()
}

/// PostgreSQL receives and commits, but its answers do not arrive.
pub async fn deaf(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "PostgreSQL's answers held back";
    let linked = Settings::default().linked();
    let mut scene = Scene::open(&store, fault, size, linked).await;
    scene.begins();
    store.link().deafen();
    tokio::time::sleep(lasting).await;
    store.link().open();
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.was_felt()
}

const KILL_ONE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'parlor%'
    ORDER BY random() LIMIT 1;";

/// The server's connections to PostgreSQL are killed again and again.
pub async fn killed_connections(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "connections to PostgreSQL killed at random";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    let mut sql = store.sql().await;
    scene.begins();
    while scene.lasts() < lasting {
        sql.run(KILL_ONE).await;
        let pause = rand::random_range(10..150);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.went_on()
}

/// Another process holds SQLite's write lock.
pub async fn locked(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "SQLite locked by another process";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    let lock = Hold::of(&store).await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    scene.is_told("database is locked").await;
    lock.release();
    scene.ends().await;
    scene.is_over().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.was_felt()
}

/// Until this time (ms since 1970) each statement that stores messages takes a third of a second
/// longer and inserts a row as evidence.
const SLOW_POSTGRES: &str = "
    CREATE TABLE slowed (one BIGINT);
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF extract(epoch FROM clock_timestamp()) * 1000 < {until} THEN
            PERFORM pg_sleep(0.3); INSERT INTO slowed VALUES (1);
        END IF; RETURN NULL; END $$;
    CREATE TRIGGER slow AFTER INSERT ON entries FOR EACH STATEMENT EXECUTE FUNCTION slow();";

/// Until this time each fifth message takes much longer and inserts a row as evidence.
const SLOW_SQLITE: &str = "
    CREATE TABLE slowed (one BIGINT);
    CREATE VIEW long_count AS WITH RECURSIVE n(i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT count(*) AS c FROM n;
    CREATE TRIGGER slow AFTER INSERT ON entries WHEN NEW.seq % 5 = 0 AND NEW.at < {until}
        BEGIN INSERT INTO slowed SELECT c FROM long_count; END;";

/// A pool of two connections and slow queries.
pub async fn slow(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "a pool of two, and slow queries";
    let two = Settings::default().pool_of(2);
    let mut scene = Scene::open(&store, fault, size, two).await;
    let slow = match store.kind() {
        Kind::Sqlite => SLOW_SQLITE,
        Kind::Postgres => SLOW_POSTGRES,
    };
    let until = SystemTime::now() + lasting;
    let until = until.duration_since(UNIX_EPOCH).expect("it is later");
    let slow = slow.replace("{until}", &until.as_millis().to_string());
    store.sql().await.run(&slow).await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    scene.ends().await;
    let slowed = store
        .sql()
        .await
        .number("SELECT count(*) AS count FROM slowed")
        .await;
    assert!(slowed > 0, "no query was slow");
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.waited(least_wait(&store).await)
}

/// Returns what one slow query adds, which somebody must have waited.
async fn least_wait(store: &Store) -> Duration {
    match store.kind() {
        Kind::Postgres => Duration::from_millis(300),
        Kind::Sqlite => {
            let (mut sql, began) = (store.sql().await, Instant::now());
            sql.number("SELECT c AS count FROM long_count").await;
            began.elapsed()
        }
    }
}
