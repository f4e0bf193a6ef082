//! The order of text on PostgreSQL: byte by byte, whatever language the database was made for.

use serde_json::json;
use tests::{Kind, Server, Settings, Sql, Store, judge};

/// Text columns in an index whose order is not that of their bytes.
const ODD_INDEXES: &str = "SELECT count(*) AS count
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    CROSS JOIN LATERAL unnest(i.indcollation) AS used(oid)
    JOIN pg_collation l ON l.oid = used.oid
    WHERE c.relnamespace = 'public'::regnamespace AND l.collname <> 'C'";

const INDEXES: &str = "SELECT count(*) AS count
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    CROSS JOIN LATERAL unnest(i.indcollation) AS used(oid)
    WHERE c.relnamespace = 'public'::regnamespace AND used.oid <> 0";

/// Undoes the migration, including its record.
const BEFORE: &str = "
    ALTER TABLE storage_meta ALTER COLUMN key TYPE TEXT COLLATE \"default\";
    ALTER TABLE users ALTER COLUMN name_key TYPE TEXT COLLATE \"default\",
        ALTER COLUMN issuer TYPE TEXT COLLATE \"default\",
        ALTER COLUMN subject TYPE TEXT COLLATE \"default\";
    ALTER TABLE rooms ALTER COLUMN cid TYPE TEXT COLLATE \"default\";
    ALTER TABLE reactions ALTER COLUMN emoji TYPE TEXT COLLATE \"default\";
    ALTER TABLE __diesel_schema_migrations ALTER COLUMN version TYPE VARCHAR(50)
        COLLATE \"default\";
    DELETE FROM __diesel_schema_migrations WHERE version = '20261201000011';
";

/// Returns the settings of a server on a database made for English.
async fn english(store: &Store, name: &str) -> (Settings, String) {
    let direct = store.environment(Settings::default()).await["CORE_DB_URL"].clone();
    let (server, _) = direct.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let mut sql = Sql::postgres(&direct).await;
    sql.run(&format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu
            ICU_LOCALE 'en' LOCALE 'C'"
    ))
    .await;
    let analytics = format!("{name}_analytics");
    sql.run(&format!(
        "CREATE DATABASE {analytics} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu
            ICU_LOCALE 'en' LOCALE 'C'"
    ))
    .await;
    let settings = Settings::default()
        .with("CORE_DB_URL", &url)
        .with("DATABASES", "core,analytics")
        .with("ANALYTICS_DB_URL", &format!("{server}/{analytics}"))
        .with("ANALYTICS_DB_CRITICAL", "on");
    (settings, url)
}

async fn drop_databases(store: &Store, name: &str) {
    let mut sql = store.sql().await;
    for name in [name.to_owned(), format!("{name}_analytics")] {
        sql.run(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

#[test]
fn every_index_of_text_has_the_order_of_bytes() {
    judge(Kind::Postgres, "english", async |store| {
        let (settings, url) = english(&store, "english").await;
        let server = store.serve(settings.clone()).await;
        for url in [&url, &format!("{url}_analytics")] {
            let mut sql = Sql::postgres(url).await;
            assert!(sql.number(INDEXES).await > 1, "it has indexes of text");
            assert_eq!(sql.number(ODD_INDEXES).await, 0);
        }
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
        drop_databases(&store, "english").await;
    });
}

#[test]
fn a_store_of_today_is_put_in_the_order_of_bytes() {
    judge(Kind::Postgres, "older", async |store| {
        let (settings, url) = english(&store, "older").await;
        let server = store.serve(settings).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let said = alice.say("lounge", "hello").await["seq"].clone();
        for emoji in ["👍", "🎉"] {
            alice
                .ok(
                    "react",
                    json!({"room": "lounge", "target": said, "emoji": emoji, "on": true}),
                )
                .await;
        }
        let token = alice.token();
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
        let mut sql = Sql::postgres(&url).await;
        sql.run(BEFORE).await;
        assert!(sql.number(ODD_INDEXES).await > 0, "it is as it was");
        drop(sql);
        server.start_again().await;
        assert_eq!(Sql::postgres(&url).await.number(ODD_INDEXES).await, 0);
        let alice = server.hello(json!({"token": token})).await;
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
        drop_databases(&store, "older").await;
    });
}

/// Opens rooms whose order in English is not that of their bytes, and lists them all.
async fn listed(server: &Server) -> Vec<String> {
    let mut alice = server.account("alice").await;
    for room in ["b", "a-b", "ab", "a_b", "z", "aa", "a1"] {
        alice.open(room).await;
    }
    let listed = alice.ok("rooms", json!({"all": true})).await;
    alice.close(1000).await;
    let lines = listed["rooms"].as_array().unwrap().iter();
    lines
        .map(|line| line["card"]["room"].as_str().unwrap().to_owned())
        .collect()
}

const IN_ORDER: [&str; 8] = ["a-b", "a1", "a_b", "aa", "ab", "b", "general", "z"];

#[test]
fn rooms_are_listed_in_the_same_order_on_sqlite() {
    judge(Kind::Sqlite, "ordered", async |store| {
        let server = store.server().await;
        assert_eq!(listed(&server).await, IN_ORDER);
    });
}

#[test]
fn rooms_are_listed_in_the_same_order_on_a_database_made_for_english() {
    judge(Kind::Postgres, "ordered", async |store| {
        let (settings, _) = english(&store, "ordered").await;
        let server = store.serve(settings).await;
        assert_eq!(listed(&server).await, IN_ORDER);
        assert_eq!(server.stop().await.code, Some(0));
        drop_databases(&store, "ordered").await;
    });
}
