//! Migrations: forward only, each once, all pending ones in one transaction under a lock that all
//! processes respect. A failed one leaves the old schema.

mod on_postgres;
mod on_sqlite;
mod privileges;

use crate::{Backend, DatabaseConfig, Migrations, OpenError, Url};
use diesel::backend::Backend as Sql;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use std::collections::BTreeSet;
use std::error::Error;

/// Applies the missing migrations; returns their versions.
pub(crate) async fn migrate(config: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    let applied = match &config.url {
        Url::Sqlite(_) => on_sqlite::migrate(config).await?,
        Url::Postgres(url) => on_postgres::migrate(url, config).await?,
    };
    if !applied.is_empty() {
        tracing::info!(database = %config.name, ?applied, "applied migrations");
    }
    Ok(applied)
}

/// Why a transaction of migrations is rolled back.
enum MigrationFailure {
    Foreign(String),
    Failed(String),
}

impl From<diesel::result::Error> for MigrationFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Box<dyn Error + Send + Sync>> for MigrationFailure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::Failed(error.to_string())
    }
}

impl MigrationFailure {
    fn into_error(self, config: &DatabaseConfig) -> OpenError {
        match self {
            Self::Foreign(why) => config.unusable(&why),
            Self::Failed(why) => OpenError::Migration {
                store: config.store(),
                why: privileges::advised(why),
            },
        }
    }
}

/// Returns all migrations that this binary knows.
fn known<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
) -> Result<MigrationList<DB>, MigrationFailure> {
    Ok(match (migrations, backend) {
        (Migrations::Embedded { sqlite, .. }, Backend::Sqlite) => sqlite.migrations()?,
        (Migrations::Embedded { postgres, .. }, Backend::Postgres) => postgres.migrations()?,
        (Migrations::Folder(folder), backend) => {
            let folder = folder.join(backend.name());
            let files = FileBasedMigrations::from_path(folder)
                .map_err(|error| MigrationFailure::Failed(error.to_string()))?;
            files.migrations()?
        }
    })
}

type MigrationList<DB> = Vec<Box<dyn Migration<DB>>>;

/// Applies the known migrations that are missing, oldest first. Runs inside the caller's
/// transaction.
fn apply<C, DB>(
    connection: &mut C,
    mut known: MigrationList<DB>,
) -> Result<Vec<String>, MigrationFailure>
where
    C: MigrationHarness<DB>,
    DB: Sql,
{
    let mut applied = BTreeSet::new();
    for version in connection.applied_migrations()? {
        applied.insert(version.to_string());
    }
    let names: BTreeSet<String> = known.iter().map(|one| version(&**one)).collect();
    if let Some(unknown) = applied.difference(&names).last() {
        let why = format!(
            "it is newer than this program: migration {unknown} is unknown here; start the version \
             that wrote it, or restore an older backup"
        );
        return Err(MigrationFailure::Foreign(why));
    }
    known.sort_by_key(|one| version(&**one));
    known.retain(|one| !applied.contains(&version(&**one)));
    let mut done = Vec::new();
    for migration in &known {
        done.push(connection.run_migration(migration)?.to_string());
    }
    Ok(done)
}

fn version<DB: Sql>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

/// Returns the statement that gives the store its epoch, if it has none.
fn remember_epoch() -> String {
    let epoch = rand::random::<u128>();
    format!(
        "INSERT INTO storage_meta (key, value) VALUES ('epoch', '{epoch:032x}')
         ON CONFLICT (key) DO NOTHING"
    )
}
