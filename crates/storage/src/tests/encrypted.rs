//! Connections to PostgreSQL with TLS, in each of libpq's modes.

use super::open::registry;
use crate::kit::migrations;
use crate::{DatabaseConfig, OpenError, PostgresUrl, Registry, StorageError, Url};
use fixtures::{Authority, Certificate, Folder, Postgres};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A server with a certificate for `localhost`, and a file of the authority that signed it.
struct Encrypted {
    server: Arc<Postgres>,
    folder: Folder,
}

impl Encrypted {
    fn new(certify: impl FnOnce(&Authority) -> Certificate) -> Self {
        let (authority, folder) = (Authority::new("Test"), Folder::new("roots"));
        let certificate = certify(&authority);
        std::fs::write(folder.path().join("root.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("own.pem"), certificate.pem()).unwrap();
        let other = Authority::new("Other");
        std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
        Self {
            server: Postgres::with_tls(&certificate),
            folder,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self) -> String {
        format!("sslrootcert={}", self.file("root.pem").display())
    }

    fn other(&self) -> String {
        format!("sslrootcert={}", self.file("other.pem").display())
    }

    fn config(&self, host: &str, parameters: &str) -> DatabaseConfig {
        let port = self.server.port();
        let url = format!("postgres://parlor@{host}:{port}/postgres?{parameters}");
        config(&url)
    }

    async fn refused(&self, host: &str, parameters: &str) -> String {
        let refused = Registry::migrate(self.config(host, parameters)).await;
        let error = refused.expect_err(parameters);
        assert!(
            matches!(error, OpenError::Unusable { .. }),
            "waiting would not help: {error}"
        );
        let line = error.to_string();
        let port = self.server.port();
        assert!(
            line.contains(&format!("{host}:{port}")),
            "names the host: {line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
        line
    }
}

fn config(url: &str) -> DatabaseConfig {
    let url = Url::Postgres(PostgresUrl::parse(url).unwrap());
    DatabaseConfig::new("core", url, migrations("core"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mode_checks_what_libpq_checks() {
    let server = Encrypted::new(|authority| authority.certificate("localhost"));
    server
        .server
        .admit("hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n");
    let (root, other) = (server.root(), server.other());
    for parameters in [
        "sslmode=require".to_owned(),
        "sslmode=prefer".to_owned(),
        "sslmode=allow".to_owned(),
        String::new(),
        "ssl=true".to_owned(),
        format!("sslmode=require&{root}"),
        format!("sslmode=verify-ca&{root}"),
        format!("sslmode=verify-full&{root}"),
        format!("{root}&sslmode=verify-full&channel_binding=prefer&sslsni=0"),
        format!("sslmode=verify-full&{root}&ssl_min_protocol_version=TLSv1.3"),
        format!("sslmode=verify-full&{root}&ssl_max_protocol_version=TLSv1.2"),
    ] {
        let opened = Registry::migrate(server.config("localhost", &parameters)).await;
        opened.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    let by_address = format!("sslmode=verify-ca&{root}");
    Registry::migrate(server.config("127.0.0.1", &by_address))
        .await
        .unwrap();

    let clear = server.refused("localhost", "sslmode=disable").await;
    assert!(clear.contains("no encryption"), "{clear}");
    let name = server
        .refused("127.0.0.1", &format!("sslmode=verify-full&{root}"))
        .await;
    assert!(
        name.contains("not valid for name \"127.0.0.1\"") && name.contains("localhost"),
        "{name}"
    );
    for mode in ["require", "verify-ca", "verify-full"] {
        let unknown = server
            .refused("localhost", &format!("sslmode={mode}&{other}"))
            .await;
        assert!(unknown.contains("other.pem"), "{unknown}");
    }
    let system = server.refused("localhost", "sslmode=verify-full").await;
    assert!(system.contains("this system"), "{system}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let server = Postgres::shared();
    let url = format!("{}?sslmode=require", server.url("postgres"));
    let refused = Registry::migrate(config(&url)).await.unwrap_err();
    let (line, port) = (refused.to_string(), server.port());
    assert!(matches!(refused, OpenError::Unusable { .. }), "{line}");
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{line}");
    assert!(line.contains("does not offer TLS"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_counts_where_certificates_count() {
    let server = Encrypted::new(|authority| authority.expired("localhost"));
    let root = server.root();
    let expired = server
        .refused("localhost", &format!("sslmode=verify-ca&{root}"))
        .await;
    assert!(expired.contains("has expired"), "{expired}");
    for parameters in ["sslmode=require", &format!("sslmode=prefer&{root}")] {
        // The second goes in the clear.
        let opened = Registry::migrate(server.config("localhost", parameters)).await;
        opened.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_signed_itself_is_its_own_root() {
    let server = Encrypted::new(|_| Certificate::self_signed("localhost"));
    let own = format!(
        "sslmode=verify-full&sslrootcert={}",
        server.file("own.pem").display()
    );
    Registry::migrate(server.config("localhost", &own))
        .await
        .unwrap();
    let name = server.refused("127.0.0.1", &own).await;
    assert!(name.contains("not valid for name"), "{name}");
    let root = server.root();
    let unknown = server
        .refused("localhost", &format!("sslmode=verify-ca&{root}"))
        .await;
    assert!(unknown.contains("root.pem"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_common_name_counts_where_there_is_no_other() {
    let server = Encrypted::new(|_| Certificate::of_common_name("localhost"));
    let own = server.file("own.pem");
    let own = format!("sslmode=verify-full&sslrootcert={}", own.display());
    Registry::migrate(server.config("localhost", &own))
        .await
        .unwrap();
    let name = server.refused("127.0.0.1", &own).await;
    assert!(name.contains("not valid for name"), "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_bound_to_the_channel() {
    let server = Encrypted::new(|authority| authority.certificate("localhost"));
    let set = server.server.clone();
    run(&set.url("postgres"), "ALTER ROLE parlor PASSWORD 'secret'").await;
    server.server.admit("host all all all scram-sha-256\n");
    let url = |password: &str, parameters: &str| {
        let port = server.server.port();
        format!("postgres://parlor{password}@localhost:{port}/postgres?{parameters}")
    };
    let bound = url(":secret", "sslmode=require&channel_binding=require");
    Registry::migrate(config(&bound)).await.unwrap();
    let clear = url(":secret", "sslmode=disable&channel_binding=require");
    let wrong = url(":wrong", "sslmode=require");
    let none = url("", "sslmode=require");
    for (url, reason) in [
        (clear, "channel binding"),
        (wrong, "password authentication failed"),
        (none, "asks for a password"),
    ] {
        let line = Registry::migrate(config(&url)).await.unwrap_err();
        assert!(
            matches!(line, OpenError::Unusable { .. }),
            "waiting would not help: {line}"
        );
        assert!(line.to_string().contains(reason), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_shows_its_certificate() {
    let authority = Authority::new("Clients");
    let server = Encrypted::new(|own| own.certificate("localhost"));
    let client = authority.certificate("parlor");
    for (name, text) in [
        ("client.pem", client.pem()),
        ("client.key", client.key_pem()),
    ] {
        std::fs::write(server.file(name), text).unwrap();
    }
    let certificate = server.file("client.pem");
    let key = server.file("client.key");
    server.server.trust_clients(authority.pem());
    server.server.admit("hostssl all all all cert\n");
    let shown = format!(
        "sslmode=require&sslcert={}&sslkey={}",
        certificate.display(),
        key.display()
    );
    Registry::migrate(server.config("localhost", &shown))
        .await
        .unwrap();
    let hidden = server.refused("localhost", "sslmode=require").await;
    assert!(hidden.contains("certificate"), "{hidden}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_where_nobody_listens_may_yet_become_a_server() {
    let nobody = config("postgres://parlor@127.0.0.1:1/core?sslmode=verify-full");
    let error = Registry::migrate(nobody).await.unwrap_err();
    assert!(
        matches!(error, OpenError::Storage(StorageError::Unavailable { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("127.0.0.1:1: "), "{error}");
    let mut unknown = config("postgres://parlor@host.invalid/core");
    unknown.start_wait = Duration::ZERO;
    let Err(error) = registry().open(unknown).await else {
        panic!("it opened")
    };
    assert!(error.to_string().contains("host.invalid:5432"), "{error}");
}

async fn run(url: &str, sql: &str) {
    use diesel_async::SimpleAsyncConnection as _;
    let url = PostgresUrl::parse(url).unwrap();
    let mut connection = crate::backend::postgres::connect(&url, None).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}
