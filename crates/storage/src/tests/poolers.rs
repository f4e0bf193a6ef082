//! Servers that cannot hold a store: behind a pooler that shares sessions, or with another encoding.

use super::open::registry;
use crate::kit::migrations;
use crate::{DatabaseConfig, OpenError, PostgresUrl, Registry, StorageError, Url};
use fixtures::{PgBouncer, Postgres};
use std::time::Duration;

fn config(url: &str) -> DatabaseConfig {
    let url = Url::Postgres(PostgresUrl::parse(url).unwrap());
    DatabaseConfig::new("core", url, migrations("core"))
}

async fn run(sql: &str) {
    use diesel_async::SimpleAsyncConnection as _;
    let url = PostgresUrl::parse(&Postgres::shared().url("postgres")).unwrap();
    let mut connection = crate::backend::postgres::connect(&url, None).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

fn names_session_mode(refusal: Option<OpenError>, case: &str) {
    let error = refusal.unwrap_or_else(|| panic!("{case}: it opened"));
    assert!(
        matches!(error, OpenError::Unusable { .. }),
        "{case}: {error}"
    );
    assert!(
        error.to_string().contains("session mode"),
        "{case}: {error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_shares_sessions_is_refused_by_everything() {
    run("CREATE DATABASE pooled").await;
    for mode in ["transaction", "statement"] {
        let pooler = PgBouncer::new(Postgres::shared(), mode, 20);
        let config = config(&pooler.url("pooled"));
        let shared = DatabaseConfig {
            shared: true,
            ..config.clone()
        };
        for refusal in [
            registry().open(config.clone()).await.err(),
            registry().open(shared).await.err(),
            Registry::migrate(config.clone()).await.err(),
        ] {
            names_session_mode(refusal, mode);
        }
    }
    for size in [2, 1] {
        let pooler = PgBouncer::new(Postgres::shared(), "transaction", size);
        let refusal = registry().open(config(&pooler.url("pooled"))).await.err();
        names_session_mode(refusal, &format!("{size} sessions"));
    }
    run("DROP DATABASE pooled WITH (FORCE)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_session_mode_serves_one_server_at_a_time() {
    run("CREATE DATABASE sessions").await;
    let pooler = PgBouncer::new(Postgres::shared(), "session", 30);
    let config = config(&pooler.url("sessions"));
    let first = registry();
    first.open(config.clone()).await.unwrap();
    let Err(OpenError::Locked { .. }) = registry().open(config.clone()).await else {
        panic!("two servers at once")
    };
    first.close(Duration::from_secs(5)).await;
    let second = registry();
    second.open(config).await.unwrap();
    second.close(Duration::from_secs(5)).await;
    drop(pooler);
    run("DROP DATABASE sessions WITH (FORCE)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_not_free_yet_is_worth_waiting_for() {
    run("CREATE DATABASE narrow").await;
    let pooler = PgBouncer::new(Postgres::shared(), "session", 1);
    let error = Registry::migrate(config(&pooler.url("narrow")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, OpenError::Storage(StorageError::Unavailable { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("no free session"), "{error}");
    drop(pooler);
    run("DROP DATABASE narrow WITH (FORCE)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_store_every_text_is_refused() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("in_{}", encoding.to_lowercase());
        run(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
        ))
        .await;
        let error = Registry::migrate(config(&Postgres::shared().url(&name)))
            .await
            .unwrap_err();
        assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
        let line = error.to_string();
        assert!(line.contains(encoding) && line.contains("UTF8"), "{line}");
        run(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}
