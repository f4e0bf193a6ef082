//! An exhausted pool is distinguished from a database that does not answer.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Kind, Server, Settings, judge};

async fn core(server: &Server, page: &str) -> Value {
    let page = server.operator().get(page).await.ok();
    page["databases"]["core"].clone()
}

/// Keeps reading until the operator sees this state.
async fn until(server: &Server, readers: &mut [Client], condition: &str) -> Value {
    seen(server, readers, "/health/databases", |core| {
        core["condition"] == condition
    })
    .await
}

/// Keeps reading until a page shows this.
async fn seen(
    server: &Server,
    readers: &mut [Client],
    page: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let mut asked = Vec::new();
        for reader in readers.iter_mut() {
            asked.push(reader.post("history", json!({"room": "general"})).await);
        }
        // As long as a read may take: repeated at once, they leave no connection free in between.
        let answered = tokio::time::Instant::now() + Duration::from_millis(1_900);
        while tokio::time::Instant::now() < answered {
            let core = core(server, page).await;
            if wanted(&core) {
                return core;
            }
            assert!(tokio::time::Instant::now() < end, "never on {page}: {core}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for (reader, asked) in readers.iter_mut().zip(asked) {
            let _ = reader.reply(asked).await;
        }
    }
}

#[test]
fn a_pool_that_is_held_up_is_degraded_and_a_silent_database_is_lost() {
    // SQLite neither makes readers wait nor falls silent.
    judge(Kind::Postgres, "pools", async |store| {
        let few = Settings::default().linked().with("CORE_DB_POOL_MAX", "2");
        let server = store.serve(few).await;
        server.expect_trouble();
        let mut readers = Vec::new();
        for number in 0..6 {
            let mut reader = server.guest(&format!("reader{number}")).await;
            reader.ok("join", json!({"room": "general"})).await;
            readers.push(reader);
        }

        let mut sql = store.sql().await;
        sql.run("BEGIN; LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
            .await;
        let degraded = until(&server, &mut readers, "degraded").await;
        let cause = degraded["cause"].as_str().unwrap();
        assert!(cause.contains("all 2 connections are in use"), "{degraded}");
        assert_eq!(
            server.operator().get("/health/ready").await.status.as_u16(),
            200
        );
        // Readers give up and retry; meanwhile the operator sees who holds a connection.
        seen(&server, &mut readers, "/health/db-pool", |pool| {
            let holders = pool["holders"].as_array().unwrap();
            let reads = |holder: &Value| holder["subscriber"] == "messaging";
            pool["healthy"] == false && holders.iter().any(reads)
        })
        .await;
        sql.run("ROLLBACK").await;
        until(&server, &mut [], "connected").await;

        store.link().silence();
        let lost = until(&server, &mut readers, "lost").await;
        assert!(
            lost["cause"].as_str().unwrap().contains("no answer"),
            "{lost}"
        );
        assert_eq!(
            server.operator().get("/health/ready").await.status.as_u16(),
            503
        );
        store.link().open();
        let connected = until(&server, &mut [], "connected").await;
        assert!(connected["last_error"]["text"].is_string(), "{connected}");
        for reader in &mut readers {
            reader.ok("history", json!({"room": "general"})).await;
        }
    });
}
