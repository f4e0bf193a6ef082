//! `parlor copy`: copies all data into another database, SQLite or PostgreSQL.

use crate::config::{Config, ConfigError};
use crate::exit::Failure;
use crate::{progress, schema};
use storage::transfer::{Transfer, TransferProgress};
use storage::{DatabaseConfig, DatabaseSettings};

/// Copies `core`, compares both databases, and prints what to do next. The end without a URL is
/// the configured one: only there is a password hidden from other users of the machine.
pub(crate) async fn copy(
    config: &Config,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), Failure> {
    if from.is_none() && to.is_none() {
        let usage = "copy needs --to, or --from to copy into the configured database";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let transfer = Transfer {
        from: database(config, "--from", from)?,
        to: database(config, "--to", to)?,
        tables: [sessions::TABLES, rooms::TABLES, messaging::TABLES].concat(),
    };
    let rows = TransferProgress::default();
    let line = || match (rows.done(), rows.of()) {
        (_, 0) => "counting".to_owned(),
        (done, of) => format!("{done} of {of} rows written and compared"),
    };
    let copied = progress::show_while(line, transfer.run(rows.clone())).await?;
    let next = match to {
        Some(_) => "Set url under [databases.core] (CORE_DB_URL) to the target, and never run",
        None => "Never run",
    };
    println!(
        "copied and compared {} rows of {} rooms; the target has a new epoch, so clients reload \
         everything. {next} servers on both.",
        copied.rows, copied.groups
    );
    Ok(())
}

/// Returns the configuration of `core`, at another URL if one is given.
fn database(config: &Config, flag: &str, url: Option<&str>) -> Result<DatabaseConfig, ConfigError> {
    let core = schema::core(config)?;
    let Some(url) = url else {
        return Ok(core);
    };
    let mut named = DatabaseSettings::new("core");
    named.url = Some(url.to_owned());
    let location = named.location().map_err(|problem| ConfigError {
        name: flag.to_owned(),
        ..problem.into()
    })?;
    let url = location.expect("a URL says where the database is");
    Ok(DatabaseConfig { url, ..core })
}
