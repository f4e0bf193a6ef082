//! Copies of a database whose tables only its migrations know.

use super::open::registry;
use super::sql::Sql;
use crate::kit::{Place, migrations};
use crate::transfer::{TableList, Transfer, TransferError, TransferProgress};
use crate::{Backend, DatabaseConfig, Migrations, OpenError, Registry};
use std::time::Duration;
use tempfile::TempDir;

const DIRECTIONS: [(Backend, Backend); 4] = [
    (Backend::Sqlite, Backend::Postgres),
    (Backend::Postgres, Backend::Sqlite),
    (Backend::Sqlite, Backend::Sqlite),
    (Backend::Postgres, Backend::Postgres),
];

/// A table of every type, one that refers to it and comes first by its name, and one with rows of
/// the migration.
const FILE: &str = "CREATE TABLE \"order\" (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, small INTEGER, flag BOOLEAN, raw BLOB,
        ratio REAL, single REAL, doubled INTEGER GENERATED ALWAYS AS (small * 2) STORED);
    CREATE TABLE a_votes (voter TEXT NOT NULL, id INTEGER NOT NULL REFERENCES \"order\" (id),
        PRIMARY KEY (voter, id)) WITHOUT ROWID;
    CREATE TABLE kinds (kind TEXT NOT NULL PRIMARY KEY);
    INSERT INTO kinds VALUES ('old'), ('new');
    CREATE VIEW named AS SELECT name FROM \"order\";";

const SERVER: &str = "CREATE TABLE \"order\" (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name VARCHAR(200), small SMALLINT,
        flag BOOLEAN, raw BYTEA, ratio DOUBLE PRECISION, single REAL,
        doubled INTEGER GENERATED ALWAYS AS (small * 2) STORED);
    CREATE TABLE a_votes (voter TEXT NOT NULL, id BIGINT NOT NULL REFERENCES \"order\" (id),
        PRIMARY KEY (voter, id));
    CREATE TABLE kinds (kind TEXT NOT NULL PRIMARY KEY);
    INSERT INTO kinds VALUES ('old'), ('new');
    CREATE VIEW named AS SELECT name FROM \"order\";";

/// Returns lists with these migrations, which are removed with the folder.
fn lists(file: &str, server: &str) -> (TempDir, Migrations) {
    let folder = tempfile::tempdir().unwrap();
    for (backend, up) in [("sqlite", file), ("postgres", server)] {
        let own = folder.path().join(backend).join("2026-02-01-000001_own");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("up.sql"), up).unwrap();
    }
    let own = Migrations::Folder(folder.path().into());
    (
        folder,
        Migrations::Joined(vec![migrations("extension"), own]),
    )
}

async fn copied(from: &DatabaseConfig, to: &DatabaseConfig) -> Result<u64, TransferError> {
    let transfer = Transfer {
        from: from.clone(),
        to: to.clone(),
        tables: TableList::OfMigrations,
    };
    let progress = TransferProgress::default();
    let copied = transfer.run(progress.clone()).await?;
    assert_eq!(progress.done(), progress.of());
    Ok(copied.rows)
}

/// Fills both tables, with more rows than a page has and with every odd value.
async fn fill(config: &DatabaseConfig) {
    let (bytes, number, override_identity) = match config.url.backend() {
        Backend::Sqlite => ("x'00ff27'", "9e999", ""),
        Backend::Postgres => (
            "'\\x00ff27'::bytea",
            "'Infinity'",
            "OVERRIDING SYSTEM VALUE",
        ),
    };
    let columns = "\"order\" (id, name, small, flag, raw, ratio, single)";
    let odd = "'it''s \"odd\" \\ {braces} [1] Ünïcödé 🦜, $1 and ?'";
    let mut rows = vec![
        format!("(1, {odd}, -32768, TRUE, {bytes}, 0.1, 0.1)"),
        "(2, NULL, NULL, NULL, NULL, NULL, NULL)".to_owned(),
        format!("(3, '', 32767, FALSE, NULL, {number}, -1e-30)"),
        "(4, 'null', 0, FALSE, NULL, 1.7976931348623157e308, 16777216)".to_owned(),
        "(5, '0', 0, TRUE, NULL, 5e-324, 3.4028235e38)".to_owned(),
        "(9007199254740993, 'beyond', 1, TRUE, NULL, 2.2250738585072014e-308, 0)".to_owned(),
    ];
    let mut state = 88_172_645_463_325_252_u64;
    rows.extend((6..1_200).map(|id| {
        // Xorshift: the same numbers in every run, of all magnitudes.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let ratio = f64::from_bits(state);
        let ratio = if ratio.is_finite() { ratio } else { 0.5 };
        format!("({id}, 'n{id}', {}, TRUE, {bytes}, {ratio:e}, 1.5)", id % 7)
    }));
    let rows = rows.join(", ");
    let mut sql = Sql::on(config).await;
    sql.run(&format!(
        "INSERT INTO {columns} {override_identity} VALUES {rows};
         INSERT INTO a_votes SELECT 'v' || id, id FROM \"order\";
         INSERT INTO kinds VALUES ('odd'); DELETE FROM kinds WHERE kind = 'old';
         INSERT INTO sources VALUES ('core_epoch', 'e');"
    ))
    .await;
}

/// What both backends write alike.
const SEEN: &str = "SELECT concat_ws('|', id, coalesce(name, 'NULL'), coalesce(small, -1),
        coalesce(doubled, -1)) AS line FROM \"order\"
    UNION ALL SELECT concat_ws('|', voter, id) FROM a_votes
    UNION ALL SELECT kind FROM kinds UNION ALL SELECT value FROM sources";

async fn seen(config: &DatabaseConfig) -> Vec<String> {
    let mut lines = Sql::on(config).await.lines(SEEN).await;
    lines.sort_unstable();
    lines
}

async fn numbers(config: &DatabaseConfig) -> Vec<u64> {
    let query = match config.url.backend() {
        Backend::Sqlite => {
            "SELECT CASE WHEN ratio = 9e999 THEN 'inf' ELSE printf('%!.20e', ratio) END AS line
                FROM \"order\" WHERE ratio IS NOT NULL ORDER BY id"
        }
        Backend::Postgres => {
            "SELECT ratio::text AS line FROM \"order\" WHERE ratio IS NOT NULL ORDER BY id"
        }
    };
    let lines = Sql::on(config).await.lines(query).await;
    let parsed = lines.iter().map(|line| line.parse::<f64>().unwrap());
    parsed.map(f64::to_bits).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_copied_in_every_direction() {
    for (one, other) in DIRECTIONS {
        // A file's numbers do not fit into PostgreSQL's real.
        let server = match one {
            Backend::Sqlite => SERVER.replace("single REAL", "single DOUBLE PRECISION"),
            Backend::Postgres => SERVER.to_owned(),
        };
        let (_folder, migrations) = lists(FILE, &server);
        let (source, target) = (Place::on(one).await, Place::on(other).await);
        let from = source.extension("karma", migrations.clone());
        let to = target.extension("karma", migrations);
        Registry::migrate(from.clone()).await.unwrap();
        fill(&from).await;
        // Each row once, and those of kinds and sources.
        assert_eq!(copied(&from, &to).await.unwrap(), 2 * 1_200 + 3);
        assert_eq!(seen(&to).await, seen(&from).await, "{one:?} {other:?}");
        assert_eq!(
            numbers(&to).await,
            numbers(&from).await,
            "{one:?} {other:?}"
        );
        let mut sql = Sql::on(&to).await;
        sql.run("INSERT INTO \"order\" (name) VALUES ('next')")
            .await;
        let next = "SELECT CAST(id AS TEXT) AS line FROM \"order\" WHERE name = 'next'";
        assert_eq!(sql.lines(next).await, ["9007199254740994"]);

        let (ours, theirs) = (registry(), registry());
        let copy = ours.open(to).await.unwrap();
        let original = theirs.open(from).await.unwrap();
        assert_ne!(copy.epoch(), original.epoch());
        for registry in [ours, theirs] {
            registry.close(Duration::from_secs(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_a_served_database_is_not_copied() {
    let place = Place::new().await;
    let (_folder, migrations) = lists(FILE, SERVER);
    let from = place.extension("karma", migrations.clone());
    let to = place.extension("other", migrations);
    Registry::migrate(from.clone()).await.unwrap();
    Registry::migrate(to.clone()).await.unwrap();
    let same = copied(&from, &from).await;
    assert!(matches!(same, Err(TransferError::Same)), "{same:?}");
    let full = copied(&from, &to).await;
    let Err(TransferError::NotEmpty { table }) = full else {
        panic!("{full:?}")
    };
    assert_eq!(table, "kinds", "it was migrated before");
    let server = registry();
    server.open(from.clone()).await.unwrap();
    let refused = copied(&from, &to).await;
    let locked = matches!(refused, Err(TransferError::Open(OpenError::Locked { .. })));
    assert!(locked, "{refused:?}");
    server.close(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_of_analytics_are_copied() {
    for (one, other) in DIRECTIONS {
        let lists = Migrations::Joined(vec![migrations("extension"), migrations("analytics")]);
        let (source, target) = (Place::on(one).await, Place::on(other).await);
        let from = source.extension("analytics", lists.clone());
        let to = target.extension("analytics", lists);
        Registry::migrate(from.clone()).await.unwrap();
        let mut sql = Sql::on(&from).await;
        sql.run(
            "INSERT INTO cursors VALUES (1, 'lounge', 7); INSERT INTO room_hours VALUES (1, 2, 3);
             INSERT INTO latencies VALUES (1, 2, 3)",
        )
        .await;
        assert_eq!(copied(&from, &to).await.unwrap(), 3);
    }
}

/// Copies in both directions, and expects each to be refused with this word and nothing written.
async fn refuses(file: &str, server: &str, in_source: &str, word: &str) {
    for (one, other) in [
        (Backend::Sqlite, Backend::Postgres),
        (Backend::Postgres, Backend::Sqlite),
    ] {
        let (_folder, migrations) = lists(file, server);
        let (source, target) = (Place::on(one).await, Place::on(other).await);
        let from = source.extension("karma", migrations.clone());
        let to = target.extension("karma", migrations);
        Registry::migrate(from.clone()).await.unwrap();
        let mut sql = Sql::on(&from).await;
        sql.run("INSERT INTO sources VALUES ('core_epoch', 'e')")
            .await;
        sql.run(in_source).await;
        let error = copied(&from, &to).await.unwrap_err();
        assert!(matches!(error, TransferError::Unfit { .. }), "{error}");
        assert!(error.to_string().contains(word), "{word}: {error}");
        let written = "SELECT value AS line FROM sources";
        assert!(Sql::on(&to).await.lines(written).await.is_empty(), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_copied_truly_is_refused_by_name_before_anything_is_written() {
    for (file, server, in_source, word) in [
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, at TEXT)",
            "CREATE TABLE notes (id BIGINT PRIMARY KEY, at TIMESTAMPTZ)",
            "SELECT 1",
            "timestamp with time zone",
        ),
        (
            "CREATE TABLE notes (id INTEGER, at INTEGER)",
            "CREATE TABLE notes (id BIGINT, at BIGINT)",
            "SELECT 1",
            "no primary key",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, up INTEGER REFERENCES notes (id))",
            "CREATE TABLE notes (id BIGINT PRIMARY KEY, up BIGINT REFERENCES notes (id))",
            "SELECT 1",
            "circle",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, more TEXT)",
            "CREATE TABLE notes (id BIGINT PRIMARY KEY)",
            "SELECT 1",
            "the column more",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY)",
            "CREATE TABLE letters (id BIGINT PRIMARY KEY)",
            "SELECT 1",
            "only one of the two",
        ),
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY)",
            "CREATE TABLE notes (id BIGINT PRIMARY KEY)",
            "CREATE TABLE strange (id BIGINT PRIMARY KEY)",
            "strange",
        ),
    ] {
        refuses(file, server, in_source, word).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_no_migration_creates_is_refused_although_both_have_it() {
    let place = Place::new().await;
    let (_folder, migrations) = lists(FILE, SERVER);
    let from = place.extension("karma", migrations.clone());
    let to = place.extension("other", migrations);
    for config in [&from, &to] {
        Registry::migrate(config.clone()).await.unwrap();
        let mut sql = Sql::on(config).await;
        sql.run("CREATE TABLE strange (id BIGINT PRIMARY KEY)")
            .await;
    }
    let error = copied(&from, &to).await.unwrap_err().to_string();
    assert!(error.contains("strange cannot be copied"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_on_the_target_is_refused_by_name() {
    refuses(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY);
         CREATE TRIGGER echo AFTER INSERT ON notes BEGIN DELETE FROM sources; END;",
        "CREATE TABLE notes (id BIGINT PRIMARY KEY);
         CREATE FUNCTION echo() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN DELETE FROM sources; RETURN NEW; END $$;
         CREATE TRIGGER echo AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION echo();",
        "SELECT 1",
        "the trigger echo",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_key_is_null_is_not_left_behind() {
    let (_folder, migrations) = lists(
        "CREATE TABLE notes (name TEXT PRIMARY KEY, id INTEGER)",
        "CREATE TABLE notes (name TEXT PRIMARY KEY, id BIGINT)",
    );
    let (source, target) = (
        Place::on(Backend::Sqlite).await,
        Place::on(Backend::Sqlite).await,
    );
    let from = source.extension("karma", migrations.clone());
    let to = target.extension("karma", migrations);
    Registry::migrate(from.clone()).await.unwrap();
    let mut sql = Sql::on(&from).await;
    sql.run("INSERT INTO notes VALUES (NULL, 1), ('a', 2)")
        .await;
    let error = copied(&from, &to).await.unwrap_err().to_string();
    assert!(error.contains("primary key is NULL"), "{error}");
    sql.run("DELETE FROM notes WHERE name IS NULL").await;
    assert_eq!(copied(&from, &to).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_broken_off_before_its_first_row_goes_on() {
    let place = Place::new().await;
    let (_folder, migrations) = lists(FILE, SERVER);
    let from = place.extension("karma", migrations.clone());
    let to = place.extension("other", migrations);
    Registry::migrate(from.clone()).await.unwrap();
    Registry::migrate(to.clone()).await.unwrap();
    let epoch = "SELECT value AS line FROM storage_meta WHERE key = 'epoch'";
    let epoch = Sql::on(&from).await.lines(epoch).await.remove(0);
    let state = serde_json::json!({"source": epoch, "table": null, "after": null});
    let mut sql = Sql::on(&to).await;
    sql.run(&format!(
        "DELETE FROM kinds; INSERT INTO storage_meta VALUES ('unfinished_copy', '{state}')"
    ))
    .await;
    let opened = registry().open(to.clone()).await.err().unwrap().to_string();
    assert!(opened.contains("unfinished copy"), "{opened}");
    assert_eq!(copied(&from, &to).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_copy_is_repeated_once_the_source_is_mended() {
    let server = SERVER.replace("single REAL", "single DOUBLE PRECISION");
    for (one, other) in DIRECTIONS {
        let (_folder, migrations) = lists(FILE, &server);
        let (source, target) = (Place::on(one).await, Place::on(other).await);
        let from = source.extension("karma", migrations.clone());
        let to = target.extension("karma", migrations);
        Registry::migrate(from.clone()).await.unwrap();
        let mut sql = Sql::on(&from).await;
        sql.run("CREATE TABLE strange (id BIGINT PRIMARY KEY)")
            .await;
        let refused = copied(&from, &to).await.unwrap_err();
        assert!(matches!(refused, TransferError::Unfit { .. }), "{refused}");
        sql.run("DROP TABLE strange").await;
        // The rows of kinds, which the target got from its migrations too.
        assert_eq!(copied(&from, &to).await.unwrap(), 2);
        let full = copied(&from, &to).await;
        assert!(matches!(full, Err(TransferError::NotEmpty { .. })));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_the_other_end_cannot_keep_are_refused_by_name() {
    for (one, other, values, word) in [
        (
            Backend::Sqlite,
            Backend::Postgres,
            "0.1",
            "double precision",
        ),
        (
            Backend::Postgres,
            Backend::Sqlite,
            "'NaN'",
            "single has NaN",
        ),
    ] {
        let (_folder, migrations) = lists(
            "CREATE TABLE sizes (id INTEGER PRIMARY KEY, single REAL)",
            "CREATE TABLE sizes (id BIGINT PRIMARY KEY, single REAL)",
        );
        let (source, target) = (Place::on(one).await, Place::on(other).await);
        let from = source.extension("karma", migrations.clone());
        let to = target.extension("karma", migrations);
        Registry::migrate(from.clone()).await.unwrap();
        let mut sql = Sql::on(&from).await;
        sql.run(&format!("INSERT INTO sizes VALUES (1, {values})"))
            .await;
        let error = copied(&from, &to).await.unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
