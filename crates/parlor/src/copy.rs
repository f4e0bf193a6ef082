//! `parlor copy`: copies all data into another database, SQLite or PostgreSQL.

use crate::config::{Config, ConfigError};
use crate::exit::Failure;
use crate::{progress, schema};
use storage::transfer::{TableList, Transfer, TransferProgress};
use storage::{DatabaseConfig, DatabaseSettings};

/// Copies a database, compares both ends, and prints what to do next. The end without a URL is the
/// configured one: only there is a password hidden from other users of the machine.
pub(crate) async fn copy(
    config: &Config,
    name: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), Failure> {
    if from.is_none() && to.is_none() {
        let usage = "copy needs --to, or --from to copy into the configured database";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let configured = schema::named(config, name)?;
    let transfer = Transfer {
        from: database(&configured, "--from", from)?,
        to: database(&configured, "--to", to)?,
        tables: tables(name),
    };
    let rows = TransferProgress::default();
    let line = || match (rows.done(), rows.of()) {
        (_, 0) => "counting".to_owned(),
        (done, of) => format!("{done} of {of} rows written and compared"),
    };
    let copied = progress::show_while(line, transfer.run(rows.clone())).await?;
    let next = match to {
        Some(_) => format!(
            "Set url under [databases.{name}] ({}_DB_URL) to the target, and never run",
            name.to_uppercase()
        ),
        None => "Never run".to_owned(),
    };
    let what = match tables(name) {
        TableList::Known(_) => format!(
            " of {} rooms; the target has a new epoch, so clients reload everything",
            copied.groups
        ),
        TableList::OfMigrations => String::new(),
    };
    println!(
        "copied and compared {} rows{what}. {next} servers on both.",
        copied.rows
    );
    if let (TableList::Known(_), [_, others @ ..]) = (tables(name), config.databases.as_slice())
        && !others.is_empty()
    {
        let names: Vec<_> = others.iter().map(|other| other.name.as_str()).collect();
        println!(
            "Other databases stay where they are, and are copied on their own, with --database: {}.",
            names.join(", ")
        );
    }
    Ok(())
}

/// Returns the tables to copy of this database: only of core they are known here.
fn tables(name: &str) -> TableList {
    if name == "core" {
        TableList::Known([sessions::TABLES, rooms::TABLES, messaging::TABLES].concat())
    } else {
        TableList::OfMigrations
    }
}

/// Returns the configuration of the database, at another URL if one is given.
fn database(
    configured: &DatabaseConfig,
    flag: &str,
    url: Option<&str>,
) -> Result<DatabaseConfig, ConfigError> {
    let configured = configured.clone();
    let Some(url) = url else {
        return Ok(configured);
    };
    let mut named = DatabaseSettings::new(&configured.name);
    named.url = Some(url.to_owned());
    let location = named.location().map_err(|problem| ConfigError {
        name: flag.to_owned(),
        ..problem.into()
    })?;
    // A URL names a database of its own; only a configured one may be a schema in another.
    Ok(DatabaseConfig {
        url: location.expect("a URL says where the database is"),
        schema: None,
        ..configured
    })
}
