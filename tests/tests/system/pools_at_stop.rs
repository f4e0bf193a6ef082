//! A stop with two pools leaves no session of either on the server.

use std::time::Duration;
use tests::{Kind, Settings, Sql, judge};
use tokio::time::Instant;

/// Returns the number of Parlor's sessions in a database.
async fn sessions(sql: &mut Sql, database: &str) -> i64 {
    let count = format!(
        "SELECT count(*) AS count FROM pg_stat_activity
         WHERE datname = '{database}' AND application_name LIKE 'parlor%'"
    );
    sql.number(&count).await
}

#[test]
fn a_stop_with_two_pools_gives_back_all_sessions_of_both() {
    judge(Kind::Postgres, "two pools", async |store| {
        let url = store.environment(Settings::default()).await["CORE_DB_URL"].clone();
        let (server, core) = url.rsplit_once('/').unwrap();
        let second = format!("{core}_analytics");
        let mut sql = store.sql().await;
        sql.run(&format!("CREATE DATABASE {second}")).await;
        let both = Settings::default()
            .with("DATABASES", "core,analytics")
            .with("ANALYTICS_DB_URL", &format!("{server}/{second}"));
        let server = store.serve(both).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "counted twice").await;
        // The second database opens in the background.
        let end = Instant::now() + Duration::from_secs(30);
        while sessions(&mut sql, &second).await == 0 {
            assert!(Instant::now() < end, "the second pool never opened");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // At least one of the two kept open, and the one that holds the lock on the store.
        assert!(sessions(&mut sql, core).await >= 2);
        let exit = server.stop().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        // The server notices the end of a session a moment later.
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let left = (
                sessions(&mut sql, core).await,
                sessions(&mut sql, &second).await,
            );
            if left == (0, 0) {
                break;
            }
            assert!(Instant::now() < end, "sessions are left: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sql.run(&format!("DROP DATABASE {second}")).await;
    });
}
