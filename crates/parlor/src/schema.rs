//! The databases of this binary, and their migrations.

use crate::config::{Config, ConfigError};
use crate::exit::Failure;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use storage::backup::Watermark;
use storage::{DatabaseConfig, DatabaseSettings, Migrations, ReplicaOf, Url};

static CORE_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/core/sqlite");
static CORE_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/core/postgres");

/// Returns the storage configuration of each configured database, `core` first.
pub(crate) fn databases(config: &Config) -> Result<Vec<DatabaseConfig>, ConfigError> {
    let databases = config.databases.iter();
    databases
        .map(|settings| database(config, settings))
        .collect()
}

fn database(config: &Config, settings: &DatabaseSettings) -> Result<DatabaseConfig, ConfigError> {
    let place = config.place(settings)?;
    Ok(DatabaseConfig {
        name: settings.name.clone(),
        url: place.url,
        schema: place.schema,
        pool_max: settings.pool_max,
        pool_min: settings.pool_min(),
        acquire_timeout: settings.acquire_timeout,
        statement_timeout: settings.statement_timeout,
        idle_timeout: settings.idle_timeout,
        critical: settings.critical,
        start_wait: settings.start_wait,
        shared: false,
        watermark: watermark(settings),
        mark_file: Some(config.data_dir.join(&settings.name)),
        migrations: migrations(config, settings),
        replica_of: None,
    })
}

/// Returns the configuration of all replicas. Only `parlor serve` opens them.
pub(crate) fn replicas(config: &Config) -> Result<Vec<DatabaseConfig>, ConfigError> {
    let mut replicas = Vec::new();
    for settings in &config.databases {
        let primary = database(config, settings)?;
        for (number, url) in (1..).zip(settings.replica_locations()?) {
            replicas.push(DatabaseConfig {
                name: format!("{}-replica-{number}", primary.name),
                url: Url::Postgres(url),
                pool_max: settings.replica_pool_max,
                pool_min: 1,
                statement_timeout: settings.replica_timeout,
                critical: false,
                watermark: None,
                replica_of: Some(ReplicaOf {
                    primary: primary.name.clone(),
                    lag_max: settings.replica_lag_max,
                }),
                ..primary.clone()
            });
        }
    }
    Ok(replicas)
}

/// Returns the configuration of the database that a command names.
pub(crate) fn named(config: &Config, name: &str) -> Result<DatabaseConfig, Failure> {
    let mut databases = databases(config)?;
    if let Some(at) = databases.iter().position(|database| database.name == name) {
        return Ok(databases.swap_remove(at));
    }
    let names: Vec<_> = databases.iter().map(|one| one.name.as_str()).collect();
    let names = names.join(" or ");
    Err(Failure::Usage(format!(
        "--database: got {name:?}, expected {names}: this server uses no other"
    )))
}

/// Returns the configuration of `core`.
pub(crate) fn core(config: &Config) -> Result<DatabaseConfig, ConfigError> {
    database(config, &config.databases[0])
}

/// Returns what tells an older copy of `core` from the current one: the positions of the rooms'
/// logs. Of other databases no table is known here that only ever grows, so an older copy of one that
/// is put back by hand gets a new epoch only from `parlor new-epoch`.
fn watermark(settings: &DatabaseSettings) -> Option<Watermark> {
    (settings.name == "core").then_some(Watermark {
        table: rooms::api::log::TABLE,
        every: settings.mark_every,
    })
}

/// Returns the migrations of `core`, or those that the extension with this database declares.
fn migrations(config: &Config, settings: &DatabaseSettings) -> Migrations {
    if settings.is_core() {
        return Migrations::Embedded {
            sqlite: &CORE_SQLITE,
            postgres: &CORE_POSTGRES,
        };
    }
    let mut extensions = config.extensions.iter();
    let owner = extensions.find(|extension| extension.name() == settings.name);
    let migrations = owner.and_then(|owner| owner.declared.migrations.clone());
    migrations.expect("only core and extensions with a database have settings for one")
}
