//! Stores that a server must not, or cannot, use: the last line says why and what to do.

use tests::{Exit, Settings, Store, on_both, on_postgres};

async fn refused(store: &Store, settings: Settings) -> Exit {
    let served = store.try_serve(settings).await;
    served.expect_err("the store cannot be used")
}

fn says(exit: &Exit, words: &[&str]) {
    let log = exit.lines.join("\n");
    assert_eq!(exit.code, Some(1), "{log}");
    let last = exit.lines.last().unwrap();
    for word in words {
        assert!(last.contains(word), "{word:?} is missing: {last}");
    }
}

/// Returns settings with which the server connects as a role that owns nothing.
async fn as_stranger(store: &Store) -> Settings {
    let role = format!("stranger_{:x}", rand::random::<u64>());
    let mut sql = store.sql().await;
    sql.run(&format!("CREATE ROLE {role} LOGIN")).await;
    let environment = store.environment(Settings::default()).await;
    let url = environment["CORE_DB_URL"].replacen("parlor@", &format!("{role}@"), 1);
    Settings::default().with("CORE_DB_URL", &url)
}

on_both! {
    async fn a_store_of_a_newer_version_is_left_alone(store: Store) {
        let server = store.server().await;
        assert_eq!(server.stop().await.code, Some(0));
        let mut sql = store.sql().await;
        sql.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')").await;
        let exit = refused(&store, Settings::default()).await;
        says(&exit, &["newer than this program", "29990101000000", "start the version that wrote it"]);
    }
}

on_postgres! {
    async fn a_role_that_may_not_create_tables_is_told_what_it_needs(store: Store) {
        let settings = as_stranger(&store).await;
        let exit = refused(&store, settings).await;
        says(&exit, &["permission denied for schema public", "GRANT USAGE, CREATE ON SCHEMA public"]);
    }

    async fn a_role_that_owns_no_tables_is_told_whose_they_are(store: Store) {
        let server = store.server().await;
        assert_eq!(server.stop().await.code, Some(0));
        let settings = as_stranger(&store).await;
        let exit = refused(&store, settings).await;
        says(&exit, &["may not read and write the table", "which belongs to parlor", "--no-owner"]);
        says(&exit, &["ALTER TABLE users OWNER TO stranger_", "ALTER TABLE rooms OWNER TO"]);
    }

    async fn a_table_of_somebody_else_is_in_nobodys_way(store: Store) {
        let server = store.server().await;
        assert_eq!(server.stop().await.code, Some(0));
        let settings = as_stranger(&store).await;
        let url = store.environment(settings.clone()).await["CORE_DB_URL"].clone();
        let role = url.split(['/', '@']).nth(2).unwrap();
        let mut sql = store.sql().await;
        sql.run(&format!("
            GRANT USAGE, CREATE ON SCHEMA public TO {role};
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
            CREATE TABLE a_list_of_others AS SELECT 1 AS one")).await;
        let server = store.serve(settings.clone()).await;
        assert_eq!(server.stop().await.code, Some(0));

        sql.run("DELETE FROM __diesel_schema_migrations WHERE version = '20261201000011'").await;
        let exit = refused(&store, settings).await;
        says(&exit, &["000011_collation", "must be owner of", "ALTER TABLE … OWNER TO"]);
    }
}
