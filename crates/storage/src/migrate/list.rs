//! The migrations of a database, in the order in which they are applied.

use super::MigrationFailure;
use crate::{Backend, Migrations};
use diesel::backend::Backend as Sql;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::FileBasedMigrations;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) type MigrationList<DB> = Vec<Box<dyn Migration<DB>>>;

/// Returns all migrations that this binary knows: one list after the other, each by its versions.
/// Fails if a version is there twice, or a list for one of the two databases is missing.
pub(super) fn known<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
) -> Result<MigrationList<DB>, MigrationFailure> {
    refuse_missing::<DB>(migrations, backend)?;
    present(migrations, backend)
}

/// Returns all migrations that this binary knows for a backend, even if a list has some for the
/// other alone. Fails if a version is there twice.
pub(super) fn present<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
) -> Result<MigrationList<DB>, MigrationFailure> {
    let mut present = Vec::new();
    collect(migrations, backend, &mut present)?;
    refuse_repeats(&present)?;
    Ok(present)
}

pub(super) fn version<DB: Sql>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

fn collect<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
    known: &mut MigrationList<DB>,
) -> Result<(), MigrationFailure> {
    if let Migrations::Joined(lists) = migrations {
        return lists
            .iter()
            .try_for_each(|list| collect(list, backend, known));
    }
    let mut list = single(migrations, backend)?;
    list.sort_by_key(|one| version(&**one));
    known.append(&mut list);
    Ok(())
}

/// Fails if a list has migrations for the other backend alone.
fn refuse_missing<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
) -> Result<(), MigrationFailure> {
    if let Migrations::Joined(lists) = migrations {
        return lists
            .iter()
            .try_for_each(|list| refuse_missing::<DB>(list, backend));
    }
    let other = match backend {
        Backend::Sqlite => Backend::Postgres,
        Backend::Postgres => Backend::Sqlite,
    };
    if single::<DB>(migrations, backend)?.is_empty() && !single::<DB>(migrations, other)?.is_empty()
    {
        return Err(MigrationFailure::Failed(missing(migrations, backend)));
    }
    Ok(())
}

/// Returns one list, in any order.
fn single<DB: Sql>(
    migrations: &Migrations,
    backend: Backend,
) -> Result<MigrationList<DB>, MigrationFailure> {
    Ok(match (migrations, backend) {
        (Migrations::Embedded { sqlite, .. }, Backend::Sqlite) => sqlite.migrations()?,
        (Migrations::Embedded { postgres, .. }, Backend::Postgres) => postgres.migrations()?,
        (Migrations::Folder(folder), backend) => in_folder(folder, backend)?,
        (Migrations::Joined(_), _) => unreachable!("it was taken apart"),
    })
}

fn in_folder<DB: Sql>(
    folder: &Path,
    backend: Backend,
) -> Result<MigrationList<DB>, MigrationFailure> {
    let failed = |why: String| MigrationFailure::Failed(format!("{}: {why}", folder.display()));
    if !folder.is_dir() {
        return Err(failed("there is no such folder of migrations".to_owned()));
    }
    let list = folder.join(backend.name());
    if !list.is_dir() {
        return Ok(Vec::new());
    }
    let files = FileBasedMigrations::from_path(list).map_err(|error| failed(error.to_string()))?;
    Ok(files.migrations()?)
}

/// Returns the error for a list that has migrations for the other database alone. Git keeps no
/// empty folders, and a folder without migrations compiles to an empty list.
fn missing(migrations: &Migrations, backend: Backend) -> String {
    let (label, folder) = match backend {
        Backend::Sqlite => ("SQLite", "sqlite"),
        Backend::Postgres => ("PostgreSQL", "postgres"),
    };
    let place = match migrations {
        Migrations::Folder(path) => path.join(folder).display().to_string(),
        Migrations::Embedded { .. } | Migrations::Joined(_) => format!("its folder {folder}"),
    };
    format!(
        "there are no migrations for {label}, only for the other database: write the same ones \
         into {place}, or keep this database on the other"
    )
}

fn refuse_repeats<DB: Sql>(known: &MigrationList<DB>) -> Result<(), MigrationFailure> {
    let mut names = BTreeMap::new();
    for migration in known {
        let (version, name) = (version(&**migration), migration.name().to_string());
        if let Some(first) = names.insert(version.clone(), name.clone()) {
            return Err(MigrationFailure::Failed(format!(
                "two migrations have the version {version}, {first} and {name}: give the later one \
                 another date or number"
            )));
        }
    }
    Ok(())
}
