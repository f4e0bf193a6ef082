//! PostgreSQL behind a real PgBouncer.

use fixtures::{PgBouncer, Postgres};
use tests::{Kind, Place, Settings, Sql, Store, judge_at};

async fn url(store: &Store, pooler: &PgBouncer) -> String {
    let direct = store.environment(Settings::default()).await["CORE_DB_URL"].clone();
    let (_, database) = direct.rsplit_once('/').unwrap();
    pooler.url(database)
}

#[test]
fn a_pooler_in_transaction_mode_is_refused_and_nothing_leaks() {
    judge_at(
        Place::Usual(Kind::Postgres),
        "transactions",
        async |store| {
            let pooler = PgBouncer::new(Postgres::shared(), "transaction", 20);
            let url = url(&store, &pooler).await;
            let settings = || Settings::default().with("CORE_DB_URL", &url);
            for _ in 0..2 {
                let exit = store
                    .try_serve(settings())
                    .await
                    .expect_err("it is refused");
                assert_eq!(exit.code, Some(1), "{:?}", exit.lines);
                let last = exit.lines.last().unwrap();
                assert!(last.contains("session mode"), "{last}");
            }
            let mut other = Sql::postgres(&url).await;
            let set = "SELECT count(*) AS count FROM pg_settings
            WHERE source = 'session' AND name IN ('statement_timeout', 'enable_seqscan', 'jit',
                'idle_in_transaction_session_timeout', 'lock_timeout')";
            assert_eq!(
                other.number(set).await,
                0,
                "no setting of ours is left in the pool"
            );
            let held = "SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            assert_eq!(
                other.number(held).await,
                0,
                "no lock of ours is left in the pool"
            );
        },
    );
}

#[test]
fn a_pooler_in_session_mode_serves_one_server_at_a_time() {
    judge_at(Place::Usual(Kind::Postgres), "sessions", async |store| {
        let pooler = PgBouncer::new(Postgres::shared(), "session", 40);
        let url = url(&store, &pooler).await;
        let settings = || Settings::default().with("CORE_DB_URL", &url);
        let server = store.serve(settings()).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "hello").await;
        let exit = store
            .try_serve(settings())
            .await
            .expect_err("the store is taken");
        assert_eq!(exit.code, Some(3), "{:?}", exit.lines);
        // Also for one that comes past the pooler.
        let exit = store
            .try_serve(Settings::default())
            .await
            .expect_err("the store is taken");
        assert_eq!(exit.code, Some(3), "{:?}", exit.lines);
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
        let next = store.serve(settings()).await;
        next.guest("bob").await.close(1000).await;
        assert_eq!(next.stop().await.code, Some(0));
    });
}
