//! How far a copy is, kept in the target itself.

use super::endpoint::Endpoint;
use super::{Table, TransferError};
use crate::postgres::{self, answered};
use crate::registry::unreachable;
use crate::{DatabaseConfig, OpenError, Url, inspect};
use diesel::sql_query;
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};

/// The key in `storage_meta` of a target that is not finished.
pub(super) const UNFINISHED: &str = "unfinished_copy";

/// Which rows a target has: those of all tables before this one, and of this one those up to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    source: String,
    table: Option<String>,
    after: Option<String>,
    /// The names of the tables that come after it.
    to_come: Vec<&'static str>,
}

/// Where in a table a copy stands.
pub(super) enum Place {
    /// Before its first row.
    Start,
    /// After the row with this key.
    After(String),
    /// After its last row.
    End,
}

impl State {
    /// Remembers `$1`.
    pub(super) const REMEMBER: &str = "INSERT INTO storage_meta (key, value)
        VALUES ('unfinished_copy', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

    /// Where to begin in this target: at the start when it is empty, else where the copy of this
    /// same source broke off.
    pub(super) fn of(
        target: &mut Endpoint,
        source: &str,
        tables: &[Table],
    ) -> Result<Self, TransferError> {
        let Some(kept) = target.meta(UNFINISHED)? else {
            refuse_rows(target, tables)?;
            return Ok(Self::before(source, tables));
        };
        let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
        if kept["source"] != source {
            return Err(TransferError::OtherSource);
        }
        let at = tables.iter().position(|table| kept["table"] == table.name);
        let Some(at) = at else {
            return Err(TransferError::OtherSource);
        };
        Ok(Self {
            source: source.to_owned(),
            table: Some(tables[at].name.to_owned()),
            after: kept["after"].as_str().map(str::to_owned),
            to_come: names(&tables[at + 1..]),
        })
    }

    fn before(source: &str, tables: &[Table]) -> Self {
        Self {
            source: source.to_owned(),
            table: None,
            after: None,
            to_come: names(tables),
        }
    }

    /// The rows of this table up to a key are there.
    pub(super) fn after(source: &str, table: &Table, key: &str) -> Self {
        Self {
            source: source.to_owned(),
            table: Some(table.name.to_owned()),
            after: Some(key.to_owned()),
            to_come: Vec::new(),
        }
    }

    /// Where to go on with a table.
    pub(super) fn place_in(&self, table: &Table) -> Place {
        if self.table.as_deref() == Some(table.name) {
            return self.after.clone().map_or(Place::Start, Place::After);
        }
        if self.to_come.contains(&table.name) {
            return Place::Start;
        }
        Place::End
    }

    pub(super) fn json(&self) -> String {
        let (source, table, after) = (&self.source, &self.table, &self.after);
        json!({ "source": source, "table": table, "after": after }).to_string()
    }
}

fn names(tables: &[Table]) -> Vec<&'static str> {
    tables.iter().map(|table| table.name).collect()
}

fn refuse_rows(target: &mut Endpoint, tables: &[Table]) -> Result<(), TransferError> {
    for table in tables {
        if target.count(table)? > 0 {
            return Err(TransferError::NotEmpty { table: table.name });
        }
    }
    Ok(())
}

/// Keeps a server from what is only half of a store.
pub(crate) async fn refuse_unfinished(config: &DatabaseConfig) -> Result<(), OpenError> {
    let unfinished = match &config.url {
        Url::Sqlite(_) => in_file(config).await,
        Url::Postgres(url) => on_server(url, config).await,
    };
    if unfinished? {
        let why = "it is an unfinished copy: repeat the copy, or drop it";
        return Err(inspect::foreign(config, why));
    }
    Ok(())
}

async fn in_file(config: &DatabaseConfig) -> Result<bool, OpenError> {
    let mut endpoint = Endpoint::open(config).await?;
    let looked = tokio::task::spawn_blocking(move || endpoint.meta(UNFINISHED)).await;
    match looked {
        Ok(Ok(kept)) => Ok(kept.is_some()),
        Ok(Err(error)) => Err(unreachable(config, &error)),
        Err(panic) => Err(unreachable(config, &panic)),
    }
}

/// Not on a blocking thread: that would hang for as long as the server is silent.
async fn on_server(url: &str, config: &DatabaseConfig) -> Result<bool, OpenError> {
    let mut connection = postgres::connect(url)
        .await
        .map_err(|error| unreachable(config, &error))?;
    let look = format!("SELECT FROM storage_meta WHERE key = '{UNFINISHED}'");
    let rows = answered(sql_query(look).execute(&mut connection)).await;
    let rows = rows.map_err(|error| unreachable(config, &error))?;
    Ok(rows > 0)
}
