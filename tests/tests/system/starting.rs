//! Starts that are refused.

use std::process::{Command, Output};
use tests::{Kind, Settings, Store, judge, on_both, parlor};

async fn run(store: &Store, arguments: &[&str], settings: Settings) -> Output {
    let environment = store.environment(settings).await;
    let mut command = Command::new(parlor());
    command.args(arguments).env_clear().envs(environment);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

on_both! {
    async fn a_second_server_on_the_same_store_is_refused(store: Store) {
        let server = store.server().await;
        let exit = store.try_serve(Settings::default()).await.expect_err("the store is taken");
        assert_eq!(exit.code, Some(3), "{}", exit.lines.join("\n"));
        assert!(exit.lines.join("\n").contains("in use by"), "{}", exit.lines.join("\n"));
        server.guest("alice").await;
    }

    async fn a_store_is_free_again_after_a_kill(store: Store) {
        let server = store.server().await;
        server.kill();
        let again = store.server().await;
        again.guest("alice").await;
    }

    async fn eight_migrations_at_once_run_each_once(store: Store) {
        let mut runs = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            runs.spawn(async move { run(&store, &["migrate"], Settings::default()).await });
        }
        let mut idle = 0;
        for output in runs.join_all().await {
            let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{output_text}");
            idle += usize::from(output.stdout.ends_with(b"up to date\n"));
        }
        assert_eq!(idle, 7, "one of them did it all");
        store.server().await.guest("alice").await;
    }

    async fn wrong_settings_end_with_2_and_name_the_key(store: Store) {
        for (name, value) in [
            ("PARLOR_LISTEN", "nonsense"),
            ("PARLOR_LISTENN", "127.0.0.1:0"),
            ("CORE_DB_POOLMAX", "3"),
            ("CORE_DB_POOL_MAX", "0"),
            ("PARLOR_LIMITS", "perhaps"),
            ("PARLOR_LOG_FORMAT", "xml"),
        ] {
            let output = run(&store, &[], Settings::default().with(name, value)).await;
            let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name}: {output_text}");
            let key = name.trim_start_matches("PARLOR_").to_lowercase();
            assert!(output_text.to_lowercase().contains(&key), "{name}: {output_text}");
            assert_eq!(output_text.trim().lines().count(), 1, "one line: {output_text}");
        }
    }
}

/// The result of a start on a file that is not a Parlor database.
async fn refuses_and_leaves(store: &Store, bytes: &[u8]) {
    let server = store.server().await;
    let file = store.file();
    assert_eq!(server.stop().await.code, Some(0));
    for beside in std::fs::read_dir(store.folder()).unwrap() {
        std::fs::remove_file(beside.unwrap().path()).unwrap();
    }
    std::fs::write(&file, bytes).unwrap();
    let exit = store
        .try_serve(Settings::default())
        .await
        .expect_err("it is refused");
    let output_text = exit.lines.join("\n");
    assert!(exit.code.is_some_and(|code| code != 0), "{output_text}");
    assert!(!output_text.contains("panicked"), "{output_text}");
    assert!(
        output_text.contains(file.file_name().unwrap().to_str().unwrap()),
        "it is named: {output_text}"
    );
    assert_eq!(
        std::fs::read(&file).unwrap(),
        bytes,
        "the file is untouched"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    judge(Kind::Sqlite, "no database", async |store| {
        refuses_and_leaves(&store, b"This is a diary, not a database.\n").await;
    });
}

#[test]
fn a_damaged_database_is_refused_and_left_alone() {
    judge(Kind::Sqlite, "damaged", async |store| {
        let mut damaged = b"SQLite format 3\0".to_vec();
        damaged.extend((0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()));
        refuses_and_leaves(&store, &damaged).await;
    });
}

#[test]
fn a_foreign_database_is_refused_and_left_alone() {
    judge(Kind::Sqlite, "foreign", async |store| {
        let path = store.folder().join("foreign");
        let mut foreign = tests::Sql::create(&path);
        foreign
            .run("CREATE TABLE recipes (id INTEGER, text TEXT)")
            .await;
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        refuses_and_leaves(&store, &bytes).await;
    });
}

#[test]
fn a_foreign_database_of_postgres_is_refused_and_left_alone() {
    judge(Kind::Postgres, "foreign", async |store| {
        store
            .sql()
            .await
            .run("CREATE TABLE users (recipe TEXT)")
            .await;
        let exit = store
            .try_serve(Settings::default())
            .await
            .expect_err("it is refused");
        assert!(exit.code.is_some_and(|code| code != 0));
        store
            .sql()
            .await
            .run("INSERT INTO users VALUES ('still there')")
            .await;
    });
}
