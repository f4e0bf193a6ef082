//! Checks settings that are valid one by one but contradict each other.

use super::{Config, ConfigError, DatabaseSettings};
use storage::Url;

/// Returns the first contradiction as an error.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    addresses(config)?;
    names(config)?;
    config.allowed_origins()?;
    for database in &config.databases {
        location(database, config)?;
        pool(database)?;
        critical(database)?;
        replicas(database, config)?;
    }
    distinct_locations(config)?;
    config.sessions()?;
    config.traces.contradictions()?;
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

/// Rejects schemes, ports and patterns, which would never match a host name.
fn names(config: &Config) -> Result<(), ConfigError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    for (key, names) in [
        ("public_names", &config.gateway.public_names),
        ("operator_names", &config.gateway.operator_names),
    ] {
        if let Some(wrong) = names.iter().find(|name| !name.chars().all(is_allowed)) {
            let expected = "names such as chat.example.org, without scheme, port or *";
            return Err(ConfigError::new(key, wrong.clone(), expected));
        }
    }
    Ok(())
}

fn location(database: &DatabaseSettings, config: &Config) -> Result<(), ConfigError> {
    let parts = [
        ("HOST", database.host.is_some()),
        ("PORT", database.port.is_some()),
        ("NAME", database.database.is_some()),
        ("USER", database.user.is_some()),
        ("PASSWORD", database.password.is_some()),
        ("SSLMODE", database.sslmode.is_some()),
        ("SSLROOTCERT", database.sslrootcert.is_some()),
    ];
    let present = parts.iter().find(|(_, is_set)| *is_set);
    let prefix = database.prefix();
    let problem = |part: &str, expected: String| ConfigError {
        name: format!("{prefix}{part}"),
        value: None,
        expected,
    };
    match present {
        Some((part, _)) if database.url.is_some() => Err(problem(
            part,
            format!(
                "either {prefix}URL or {prefix}HOST, _PORT, _NAME, _USER, _PASSWORD, _SSLMODE and \
                 _SSLROOTCERT, not both"
            ),
        )),
        Some((part, _)) if database.host.is_none() => {
            Err(problem(part, format!("{prefix}HOST to be set too")))
        }
        _ => database.location(&config.data_dir).map(drop),
    }
}

/// Requires a different location for each database, since they do not know each other's tables.
fn distinct_locations(config: &Config) -> Result<(), ConfigError> {
    let mut taken = Vec::new();
    for database in &config.databases {
        let location = database.location(&config.data_dir)?;
        if taken.contains(&location) {
            return Err(ConfigError {
                name: format!("{}URL", database.prefix()),
                value: None,
                expected: "a database that no other name uses".to_owned(),
            });
        }
        taken.push(location);
    }
    Ok(())
}

/// Requires that replicas are PostgreSQL, belong to `core`, and differ from their primary.
fn replicas(database: &DatabaseSettings, config: &Config) -> Result<(), ConfigError> {
    let mut taken = vec![database.location(&config.data_dir)?];
    let prefix = database.prefix();
    let problem = |expected: String| {
        Err(ConfigError {
            name: format!("{prefix}REPLICA_URLS"),
            value: None,
            expected,
        })
    };
    for replica in database.replica_locations()? {
        if !database.is_core() {
            return problem("no value: only core is read on replicas".to_owned());
        }
        if matches!(taken[0], Url::Sqlite(_)) {
            return problem(format!(
                "{prefix}URL to be PostgreSQL: an embedded database has no replicas"
            ));
        }
        let location = Url::Postgres(replica);
        if taken.contains(&location) {
            return problem(format!("each URL once, and none that is {prefix}URL"));
        }
        taken.push(location);
    }
    Ok(())
}

/// Requires that the server counts as unavailable without `core`: it can do nothing then.
fn critical(database: &DatabaseSettings) -> Result<(), ConfigError> {
    if database.critical || !database.is_core() {
        return Ok(());
    }
    let key = format!("{}CRITICAL", database.prefix());
    Err(ConfigError::new(
        key,
        "off",
        "on, as the server can do nothing without core",
    ))
}

fn pool(database: &DatabaseSettings) -> Result<(), ConfigError> {
    if database.pool_min() <= database.pool_max {
        return Ok(());
    }
    Err(ConfigError::new(
        format!("{}POOL_MIN", database.prefix()),
        database.pool_min().to_string(),
        format!(
            "at most {}POOL_MAX, which is {}",
            database.prefix(),
            database.pool_max
        ),
    ))
}

/// Requires that time limits nest: acquire + statement < ask < reply.
fn times(config: &Config) -> Result<(), ConfigError> {
    let ask = config.gateway.limits.ask_within;
    let reply = config.gateway.limits.reply_within;
    if ask >= reply {
        return Err(ConfigError::new(
            "ask_timeout_ms",
            ask.as_millis().to_string(),
            format!("less than reply_timeout_ms, which is {}", reply.as_millis()),
        ));
    }
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
