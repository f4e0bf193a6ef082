//! Where a test's database lives, and how it is removed.

use crate::backend::postgres;
use crate::{Backend, DatabaseConfig, Migrations, PostgresUrl, Url};
use diesel_async::SimpleAsyncConnection as _;
use fixtures::Postgres;
use std::path::PathBuf;
use tempfile::TempDir;

/// Names the kind of database that tests run on unless they choose one: `sqlite` (the default) or
/// `postgres`.
const STORE: &str = "PARLOR_TEST_STORE";

/// A place for one database: a folder, or an empty database on a server. Removed when dropped.
pub struct Place(Kind);

enum Kind {
    Folder(TempDir),
    Server { server: String, name: String },
}

impl Place {
    /// Returns a new place for the kind of database that `PARLOR_TEST_STORE` names.
    ///
    /// # Panics
    /// If the disk is full, or the server creates no database.
    pub async fn new() -> Self {
        Self::on(backend()).await
    }

    /// Returns a new place for this kind of database. Starts PostgreSQL if it does not run yet.
    ///
    /// # Panics
    /// If the disk is full, PostgreSQL is not installed, or the server creates no database.
    pub async fn on(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder can be created");
                Self(Kind::Folder(folder))
            }
            Backend::Postgres => Self::on_server(Postgres::shared().url("postgres")).await,
        }
    }

    async fn on_server(server: String) -> Self {
        let name = format!("parlor_test_{:016x}", rand::random::<u64>());
        execute(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("the server creates a database");
        Self(Kind::Server { server, name })
    }

    /// Returns the configuration of a database `core` here, with the migrations of the source tree.
    #[must_use]
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig::new("core", self.url(), super::migrations("core"))
    }

    /// Returns the configuration of an extension's database, where it is unless its location is set:
    /// a file beside core's, or a schema in core's database.
    #[must_use]
    pub fn extension(&self, name: &str, migrations: Migrations) -> DatabaseConfig {
        let (url, schema) = match self.url() {
            Url::Sqlite(core) => (Url::Sqlite(core.with_file_name(format!("{name}.db"))), None),
            server @ Url::Postgres(_) => (server, Some(name.to_owned())),
        };
        DatabaseConfig {
            schema,
            ..DatabaseConfig::new(name, url, migrations)
        }
    }

    /// Returns the folder of the files; `None` if it is a database on a server.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        match &self.0 {
            Kind::Folder(folder) => Some(folder.path().join("data")),
            Kind::Server { .. } => None,
        }
    }

    /// Returns the URL of the database on its server, as a setting; `None` if it is a file.
    #[must_use]
    pub fn server_url(&self) -> Option<String> {
        match &self.0 {
            Kind::Folder(_) => None,
            Kind::Server { server, name } => Some(with_database(server, name)),
        }
    }

    /// Deletes an extension's database, where it is unless its location is set. Nobody may be using it.
    ///
    /// # Panics
    /// If it cannot be deleted.
    pub async fn lose(&self, extension: &str) {
        if let Some(server) = self.server_url() {
            let dropped = execute(&server, &format!("DROP SCHEMA {extension} CASCADE")).await;
            return dropped.expect("the server drops a schema");
        }
        let folder = self.folder().expect("it is a file or on a server");
        let name = format!("{extension}.db");
        let files = std::fs::read_dir(folder).expect("the folder exists");
        for file in files.flatten() {
            if file.file_name().to_string_lossy().starts_with(&name) {
                std::fs::remove_file(file.path()).expect("it can be removed");
            }
        }
    }

    /// Returns the URL of the database.
    #[must_use]
    pub fn url(&self) -> Url {
        match &self.0 {
            Kind::Folder(folder) => Url::Sqlite(folder.path().join("data/core.db")),
            Kind::Server { server, name } => {
                let url = PostgresUrl::parse(&with_database(server, name));
                Url::Postgres(url.expect("the server's URL is valid"))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Kind::Server { server, name } = &self.0 else {
            return;
        };
        let (server, drop) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        // A thread of its own: a test's runtime cannot be waited for from inside.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(execute(&server, &drop))
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("could not drop a test's database: {error:#}");
        }
    }
}

fn backend() -> Backend {
    match std::env::var(STORE).as_deref() {
        Err(_) | Ok("sqlite") => Backend::Sqlite,
        Ok("postgres") => Backend::Postgres,
        Ok(other) => panic!("{STORE} is sqlite or postgres, not {other}"),
    }
}

async fn execute(server: &str, what: &str) -> anyhow::Result<()> {
    let mut connection = postgres::connect(&PostgresUrl::parse(server)?, None).await?;
    connection.batch_execute(what).await?;
    Ok(())
}

/// Returns the URL of another database on the same server.
fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server, String::new()),
    };
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    format!("{}/{name}{parameters}", &address[..end])
}
