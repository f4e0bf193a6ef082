//! The extensions of a standard server.

use crate::config::Declared;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use storage::Migrations;

static ANALYTICS_SQLITE: EmbeddedMigrations =
    embed_migrations!("../../migrations/analytics/sqlite");
static ANALYTICS_POSTGRES: EmbeddedMigrations =
    embed_migrations!("../../migrations/analytics/postgres");

/// Returns the extensions that every server has.
pub(crate) fn extensions() -> Vec<Declared> {
    vec![Declared {
        name: analytics::DATABASE,
        settings: None,
        migrations: Some(Migrations::Embedded {
            sqlite: &ANALYTICS_SQLITE,
            postgres: &ANALYTICS_POSTGRES,
        }),
        on_by_default: false,
        reads_private: false,
    }]
}
