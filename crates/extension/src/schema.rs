//! The migrations of an extension's database.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
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
