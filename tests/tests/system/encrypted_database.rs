//! PostgreSQL over TLS: a real server with a certificate.

use fixtures::{Authority, Folder, Postgres};
use serde_json::json;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::{Kind, Settings, Sql, Store, judge, parlor};

/// Everyone may choose: a connection in the clear would be let in.
const FREE: &str = "host all all all trust
host replication all all trust
";

/// Everyone must use TLS.
const STRICT: &str = "hostssl all all all trust
";

/// Connections of the server under test, without and with TLS.
const IN_CLEAR: &str = "SELECT count(*) AS count FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
    WHERE usename = 'parlor' AND client_addr IS NOT NULL AND NOT ssl";
const ENCRYPTED: &str =
    "SELECT count(*) AS count FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
    WHERE application_name LIKE 'parlor%' AND ssl";

/// A server whose certificate names `localhost`.
struct Encrypted {
    server: Arc<Postgres>,
    folder: Folder,
}

impl Encrypted {
    async fn new(rules: &str) -> Self {
        let (authority, folder) = (Authority::new("Test"), Folder::new("roots"));
        for (name, authority) in [
            ("root.pem", &authority),
            ("other.pem", &Authority::new("Other")),
        ] {
            std::fs::write(folder.path().join(name), authority.pem()).unwrap();
        }
        let server = Postgres::with_tls(&authority.certificate("localhost"));
        let mut sql = Sql::postgres(&server.url("postgres")).await;
        for statement in [
            "CREATE ROLE inspector SUPERUSER LOGIN",
            "CREATE DATABASE chat",
            "CREATE DATABASE copy",
        ] {
            sql.run(statement).await;
        }
        server.admit(rules);
        Self { server, folder }
    }

    fn parameters(&self, mode: &str, root: &str) -> String {
        let root = self.folder.path().join(root);
        format!("sslmode={mode}&sslrootcert={}", root.display())
    }

    fn url(&self, database: &str, parameters: &str) -> String {
        let port = self.server.port();
        format!("postgres://parlor@localhost:{port}/{database}?{parameters}")
    }

    fn verified(&self, database: &str) -> String {
        self.url(database, &self.parameters("verify-full", "root.pem"))
    }

    async fn inspector(&self, server: &Postgres) -> Sql {
        let url = server.url("chat").replace("parlor@", "inspector@");
        Sql::postgres(&url).await
    }
}

async fn command(store: &Store, url: &str, arguments: &[&str]) {
    let settings = Settings::default().with("CORE_DB_URL", url);
    let mut command = Command::new(parlor());
    command.args(arguments).env_clear();
    command.envs(store.environment(settings).await);
    let done = tokio::task::spawn_blocking(move || command.output().unwrap());
    let done = done.await.unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {stderr}");
}

#[test]
fn everything_goes_over_tls() {
    judge(Kind::Sqlite, "encrypted", async |store| {
        let database = Encrypted::new(FREE).await;
        let url = database.verified("chat");
        command(&store, &url, &["migrate"]).await;
        let standby = database.server.standby();
        let replica = url.replace(
            &format!(":{}/", database.server.port()),
            &format!(":{}/", standby.port()),
        );
        let settings = Settings::default()
            .with("CORE_DB_URL", &url)
            .with("CORE_DB_REPLICA_URLS", &replica);
        let server = store.serve(settings).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "hello").await;
        let reset = server
            .operator()
            .post("/databases/core/reset", &json!({}))
            .await;
        assert_eq!(reset.status.as_u16(), 200);
        alice.say("lounge", "again").await;
        let mut inspector = database.inspector(&database.server).await;
        assert!(
            inspector.number(ENCRYPTED).await >= 3,
            "its pool and its lock"
        );
        assert_eq!(inspector.number(IN_CLEAR).await, 0);
        let mut inspector = database.inspector(&standby).await;
        let end = Instant::now() + Duration::from_secs(30);
        while inspector.number(ENCRYPTED).await == 0 {
            assert!(Instant::now() < end, "it never reads from the standby");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(inspector.number(IN_CLEAR).await, 0);
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
        assert!(
            !server
                .lines()
                .iter()
                .any(|line| line.contains("without TLS"))
        );

        // Trusted by the system, in whose place this file stands.
        let root = database.folder.path().join("root.pem");
        let settings = Settings::default()
            .with("CORE_DB_URL", &database.url("chat", "sslmode=verify-full"))
            .with("SSL_CERT_FILE", root.to_str().unwrap());
        let again = store.serve(settings).await;
        assert_eq!(again.stop().await.code, Some(0));

        let copy = database.verified("copy");
        command(&store, &url, &["admin", "grant", "alice"]).await;
        command(&store, &url, &["new-epoch"]).await;
        command(&store, &url, &["copy", "--to", &copy]).await;
        command(&store, &url, &["admin", "delete-account", "alice"]).await;
    });
}

#[test]
fn what_tls_refuses_ends_the_start_in_one_line() {
    judge(Kind::Sqlite, "refused", async |store| {
        let database = Encrypted::new(STRICT).await;
        let by_address = database.verified("chat").replace("localhost", "127.0.0.1");
        let other = database.url("chat", &database.parameters("verify-ca", "other.pem"));
        let system = database.url("chat", "sslmode=verify-full");
        let clear = database.url("chat", "sslmode=disable");
        for (url, reason) in [
            (by_address, "not valid for name"),
            (other, "other.pem"),
            (system, "this system"),
            (clear, "no encryption"),
        ] {
            // Built before the time counts.
            parlor();
            let since = Instant::now();
            let settings = Settings::default().with("CORE_DB_URL", &url);
            let exit = store.try_serve(settings).await.expect_err("it is refused");
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "waiting does not help"
            );
            assert_eq!(exit.code, Some(1), "{:?}", exit.lines);
            let last = exit.lines.last().unwrap();
            let port = format!(":{}", database.server.port());
            assert!(last.contains(reason) && last.contains(&port), "{last}");
        }
    });
}

#[test]
fn a_connection_in_the_clear_is_logged_once() {
    judge(Kind::Postgres, "clear", async |store| {
        let server = store.serve(Settings::default().pool_of(4)).await;
        server.guest("alice").await;
        let said = server.lines();
        let said = said
            .iter()
            .filter(|line| line.contains("without TLS"))
            .collect::<Vec<_>>();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("127.0.0.1:"), "{said:?}");
        let meant = store.environment(Settings::default()).await["CORE_DB_URL"].clone();
        assert_eq!(server.stop().await.code, Some(0));
        let meant = format!("{meant}?sslmode=disable");
        let quiet = store
            .serve(Settings::default().with("CORE_DB_URL", &meant))
            .await;
        assert!(
            !quiet
                .lines()
                .iter()
                .any(|line| line.contains("without TLS"))
        );
    });
}
