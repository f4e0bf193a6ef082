//! The databases this binary knows, and their migrations.

use crate::config::{Config, DatabaseSettings, Problem};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use storage::backup::Watermark;
use storage::{DatabaseConfig, Migrations};

static CORE_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/core/sqlite");
static CORE_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/core/postgres");
static ANALYTICS_SQLITE: EmbeddedMigrations =
    embed_migrations!("../../migrations/analytics/sqlite");
static ANALYTICS_POSTGRES: EmbeddedMigrations =
    embed_migrations!("../../migrations/analytics/postgres");

/// Everything storage needs to know of each configured database, `core` first.
pub(crate) fn databases(config: &Config) -> Result<Vec<DatabaseConfig>, Problem> {
    let databases = config.databases.iter();
    databases
        .map(|settings| database(config, settings))
        .collect()
}

fn database(config: &Config, settings: &DatabaseSettings) -> Result<DatabaseConfig, Problem> {
    Ok(DatabaseConfig {
        name: settings.name.clone(),
        url: settings.location(&config.data_dir)?,
        pool_max: settings.pool_max,
        pool_min: settings.pool_min(),
        acquire_timeout: settings.acquire_timeout,
        statement_timeout: settings.statement_timeout,
        idle_timeout: settings.idle_timeout,
        critical: settings.critical,
        shared: false,
        watermark: watermark(settings),
        migrations: migrations(&settings.name)?,
    })
}

/// The database that the server cannot do without.
pub(crate) fn core(config: &Config) -> Result<DatabaseConfig, Problem> {
    database(config, &config.databases[0])
}

/// The rooms' logs tell an older copy of `core`; what else there may be can be made again from it.
fn watermark(settings: &DatabaseSettings) -> Option<Watermark> {
    (settings.name == "core").then_some(Watermark {
        table: rooms::api::log::TABLE,
        every: settings.mark_every,
    })
}

fn migrations(name: &str) -> Result<Migrations, Problem> {
    match name {
        "core" => Ok(Migrations::Embedded {
            sqlite: &CORE_SQLITE,
            postgres: &CORE_POSTGRES,
        }),
        analytics::DATABASE => Ok(Migrations::Embedded {
            sqlite: &ANALYTICS_SQLITE,
            postgres: &ANALYTICS_POSTGRES,
        }),
        other => Err(Problem::new(
            "DATABASES",
            other,
            "core, analytics: nothing here uses another database",
        )),
    }
}
