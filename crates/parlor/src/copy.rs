//! `parlor copy`: everything into another database, of either kind.

use crate::config::{Config, ConfigError, DatabaseSettings};
use crate::core_tables::CORE_TABLES;
use crate::exit::Failure;
use crate::{progress, schema};
use storage::DatabaseConfig;
use storage::transfer::{Transfer, TransferTally};

/// Copies `core`, compares both, and says what to set next.
pub(crate) async fn copy(config: &Config, from: Option<&str>, to: &str) -> Result<(), Failure> {
    let transfer = Transfer {
        from: place(config, "--from", from)?,
        to: place(config, "--to", Some(to))?,
        tables: CORE_TABLES,
    };
    let counters = TransferTally::default();
    let line = || match (counters.done(), counters.of()) {
        (_, 0) => "counting".to_owned(),
        (done, of) => format!("{done} of {of} rows written and compared"),
    };
    let copied = progress::shown(line, transfer.run(counters.clone())).await?;
    println!(
        "{} rows of {} rooms copied and compared; the target has an epoch of its own, so clients \
         begin anew. Set CORE_DB_URL to it, and never serve both.",
        copied.rows, copied.groups
    );
    Ok(())
}

/// `core` as it is configured, at another place if one is named.
fn place(config: &Config, flag: &str, url: Option<&str>) -> Result<DatabaseConfig, ConfigError> {
    let core = schema::core(config)?;
    let Some(url) = url else {
        return Ok(core);
    };
    let mut named = DatabaseSettings::new("core");
    named.url = Some(url.to_owned());
    let url = named
        .location(&config.data_dir)
        .map_err(|problem| ConfigError {
            name: flag.to_owned(),
            ..problem
        })?;
    Ok(DatabaseConfig { url, ..core })
}
