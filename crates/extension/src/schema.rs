//! The migrations of an extension's database.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::collections::BTreeSet;
use storage::Migrations;

static BASE_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/extension/sqlite");
static BASE_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/extension/postgres");

/// The migrations that make the tables of an extension, one list for each backend. Make it with
/// [`migrations!`](crate::migrations).
#[derive(Clone, Copy)]
pub struct Schema {
    /// The list for SQLite.
    pub sqlite: &'static EmbeddedMigrations,
    /// The list for PostgreSQL.
    pub postgres: &'static EmbeddedMigrations,
}

/// Returns what is wrong with the migrations of an extension, if anything is. A folder without migrations
/// compiles, as Git keeps no empty folders: the mistake would show only on the other database.
pub(crate) fn wrong(own: Schema) -> Option<String> {
    let lists = [
        (
            "SQLite",
            versions::<Sqlite>(own.sqlite),
            versions::<Sqlite>(&BASE_SQLITE),
        ),
        (
            "PostgreSQL",
            versions::<Pg>(own.postgres),
            versions::<Pg>(&BASE_POSTGRES),
        ),
    ];
    lists.into_iter().find_map(|(database, own, base)| {
        if own.is_empty() {
            return Some(format!(
                "there are no migrations for {database} in the folder that `migrations!` names: write \
                 them there"
            ));
        }
        let mut taken: BTreeSet<_> = base.into_iter().collect();
        let twice = own.into_iter().find(|version| !taken.insert(version.clone()))?;
        Some(format!(
            "two migrations for {database} have the version {twice}: give the later one another date or \
             number"
        ))
    })
}

fn versions<DB: diesel::backend::Backend>(list: &EmbeddedMigrations) -> Vec<String> {
    let list: Vec<Box<dyn Migration<DB>>> = list.migrations().unwrap_or_default();
    list.iter()
        .map(|migration| migration.name().version().to_string())
        .collect()
}

/// Returns all migrations of an extension's database: first those that every extension has, for
/// what storage and the follower keep, then its own.
pub(crate) fn all(own: Option<Schema>) -> Migrations {
    let base = Migrations::Embedded {
        sqlite: &BASE_SQLITE,
        postgres: &BASE_POSTGRES,
    };
    let own = own.map(|schema| Migrations::Embedded {
        sqlite: schema.sqlite,
        postgres: schema.postgres,
    });
    Migrations::Joined([Some(base), own].into_iter().flatten().collect())
}

/// Embeds the migrations of an extension, from a folder for SQLite and one for PostgreSQL, relative to
/// the crate's own `Cargo.toml`. Each has one folder per migration, `YYYY-MM-DD-NNNNNN_name/up.sql`.
#[macro_export]
macro_rules! migrations {
    ($sqlite:literal, $postgres:literal) => {{
        // The inner macro names its own crate.
        use $crate::reexport::diesel_migrations;
        static SQLITE: diesel_migrations::EmbeddedMigrations =
            diesel_migrations::embed_migrations!($sqlite);
        static POSTGRES: diesel_migrations::EmbeddedMigrations =
            diesel_migrations::embed_migrations!($postgres);
        $crate::Schema {
            sqlite: &SQLITE,
            postgres: &POSTGRES,
        }
    }};
}
