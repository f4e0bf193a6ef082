//! Checks settings that are valid one by one but contradict each other.

use super::{Config, ConfigError};
use settings::Table;

/// Returns the first contradiction as an error.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    addresses(config)?;
    config.gateway.check()?;
    for database in &config.databases {
        database.check()?;
    }
    distinct_places(config)?;
    config.sessions.check()?;
    config.rooms.check()?;
    config.messaging.check()?;
    config.bus.check()?;
    config.traces.contradictions()?;
    for extension in &config.extensions {
        extension.check()?;
    }
    times(config)
}

fn addresses(config: &Config) -> Result<(), ConfigError> {
    if config.listen == config.operator_listen && config.listen.port() != 0 {
        return Err(ConfigError::new(
            "operator_listen",
            config.operator_listen.to_string(),
            "an address other than listen",
        ));
    }
    Ok(())
}

/// Requires a different place for each database, since they do not know each other's tables.
fn distinct_places(config: &Config) -> Result<(), ConfigError> {
    let mut taken = Vec::new();
    for database in &config.databases {
        let place = config.place(database)?;
        if taken.contains(&place) {
            return Err(ConfigError::hidden(
                format!("{}URL", database.prefix()),
                "a database that no other name uses, or none: with core on PostgreSQL that is a \
                 schema of its own in core's database",
            ));
        }
        taken.push(place);
    }
    Ok(())
}

/// Requires that core's time limits nest in the gateway's: acquire + statement < ask.
fn times(config: &Config) -> Result<(), ConfigError> {
    let ask = config.gateway.limits.ask_within;
    let core = &config.databases[0];
    let storage = core.acquire_timeout + core.statement_timeout;
    if !core.replica_urls.is_empty() && storage + core.replica_timeout >= ask {
        return Err(ConfigError::new(
            "CORE_DB_REPLICA_TIMEOUT_MS",
            core.replica_timeout.as_millis().to_string(),
            format!(
                "with CORE_DB_ACQUIRE_TIMEOUT_MS and CORE_DB_STATEMENT_TIMEOUT_MS less than \
                 ask_timeout_ms, which is {}",
                ask.as_millis()
            ),
        ));
    }
    if storage >= ask {
        return Err(ConfigError::new(
            "CORE_DB_ACQUIRE_TIMEOUT_MS + CORE_DB_STATEMENT_TIMEOUT_MS",
            storage.as_millis().to_string(),
            format!("less than ask_timeout_ms, which is {}", ask.as_millis()),
        ));
    }
    Ok(())
}
