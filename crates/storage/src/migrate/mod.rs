//! Migrations: forward only, each once, all pending ones in one transaction under a lock that all
//! processes respect. A failed one leaves the old schema.

mod list;
mod on_postgres;
mod on_sqlite;
mod own_tables;
mod privileges;
mod schema;
mod store_name;

pub(crate) use own_tables::own_tables;

use crate::error::passes;
use crate::{DatabaseConfig, OpenError, Url};
use diesel::Connection;
use diesel::backend::Backend as Sql;
use diesel::connection::InstrumentationEvent;
use diesel::migration::Migration;
use diesel::query_builder::SqlQuery;
use diesel::query_dsl::methods::LoadQuery;
use diesel_migrations::MigrationHarness;
use list::{MigrationList, version};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use store_name::NameRow;

/// Applies the missing migrations; returns their versions.
pub(crate) async fn migrate(config: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    migrate_with(config, String::new()).await
}

/// [`migrate`]; if the store is new, also runs `if_new`, in the same transaction.
pub(crate) async fn migrate_with(
    config: &DatabaseConfig,
    if_new: String,
) -> Result<Vec<String>, OpenError> {
    let applied = match &config.url {
        Url::Sqlite(_) => on_sqlite::migrate(config, if_new).await?,
        Url::Postgres(url) => on_postgres::migrate(url, config, if_new).await?,
    };
    if !applied.is_empty() {
        tracing::info!(database = %config.name, ?applied, "applied migrations");
    }
    Ok(applied)
}

/// Why a transaction of migrations is rolled back.
enum MigrationFailure {
    Foreign(String),
    Failed(String),
    /// A later attempt may succeed although nobody does anything.
    Hindered(String),
}

/// PostgreSQL's text if another session keeps a table locked for too long.
const LOCKED: &str = "canceling statement due to lock timeout";

impl From<&diesel::result::Error> for MigrationFailure {
    fn from(error: &diesel::result::Error) -> Self {
        let why = error.to_string();
        if passes(error) || why.contains(LOCKED) {
            return Self::Hindered(why);
        }
        Self::Failed(match error {
            // It says which row is in the way.
            diesel::result::Error::DatabaseError(_, information) => match information.details() {
                Some(details) => format!("{why}: {details}"),
                None => why,
            },
            _ => why,
        })
    }
}

impl From<diesel::result::Error> for MigrationFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::from(&error)
    }
}

impl From<Box<dyn Error + Send + Sync>> for MigrationFailure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::Failed(error.to_string())
    }
}

impl MigrationFailure {
    fn of_migration(self, name: &str) -> Self {
        let named = |why| format!("{name}: {why}");
        match self {
            Self::Foreign(why) => Self::Foreign(why),
            Self::Failed(why) => Self::Failed(named(why)),
            Self::Hindered(why) => Self::Hindered(named(why)),
        }
    }

    fn into_error(self, config: &DatabaseConfig) -> OpenError {
        match self {
            Self::Foreign(why) => config.unusable(&why),
            Self::Hindered(why) => config.unreachable(&format!("migrating it: {why}")),
            Self::Failed(why) => OpenError::Migration {
                store: config.store(),
                why: privileges::advised(why, config.schema.as_deref()),
            },
        }
    }
}

/// Applies the known migrations that are missing, in their order, unless the store is that of
/// another database than the one of this name. Runs inside the caller's transaction.
fn apply<C, DB>(
    connection: &mut C,
    mut known: MigrationList<DB>,
    name: Option<&str>,
) -> Result<Vec<String>, MigrationFailure>
where
    C: MigrationHarness<DB> + Connection,
    DB: Sql,
    SqlQuery: for<'q> LoadQuery<'q, C, NameRow>,
{
    let mut applied = BTreeSet::new();
    for version in connection.applied_migrations()? {
        applied.insert(version.to_string());
    }
    let names: BTreeSet<String> = known.iter().map(|one| version(&**one)).collect();
    if !applied.is_empty() && applied.is_disjoint(&names) {
        let why = "it is the store of another database: none of its migrations is known here";
        return Err(MigrationFailure::Foreign(why.to_owned()));
    }
    if let Some(name) = name
        && !applied.is_empty()
    {
        store_name::refuse_another(connection, name)?;
    }
    if let Some(unknown) = applied.difference(&names).last() {
        let why = format!(
            "it is newer than this program: migration {unknown} is unknown here; start the version \
             that wrote it, or restore an older backup"
        );
        return Err(MigrationFailure::Foreign(why));
    }
    known.retain(|one| !applied.contains(&version(&**one)));
    let mut done = Vec::new();
    for migration in &known {
        done.push(run(connection, &**migration)?);
    }
    Ok(done)
}

/// Applies a migration; returns its version. What the database said is taken down on the way, since
/// diesel passes on only the text of it.
fn run<C, DB>(connection: &mut C, migration: &dyn Migration<DB>) -> Result<String, MigrationFailure>
where
    C: MigrationHarness<DB> + Connection,
    DB: Sql,
{
    let said = Arc::new(Mutex::new(None));
    let note = Arc::clone(&said);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::FinishQuery {
            error: Some(error), ..
        } = event
        {
            note.lock().get_or_insert_with(|| error.into());
        }
    });
    let done = connection.run_migration(migration);
    done.map(|version| version.to_string()).map_err(|error| {
        let said: Option<MigrationFailure> = said.lock().take();
        said.unwrap_or_else(|| error.into())
            .of_migration(&migration.name().to_string())
    })
}

/// Returns the statement that gives the store its epoch, if it has none.
fn remember_epoch() -> String {
    let epoch = rand::random::<u128>();
    format!(
        "INSERT INTO storage_meta (key, value) VALUES ('epoch', '{epoch:032x}')
         ON CONFLICT (key) DO NOTHING"
    )
}

/// Returns the statements that give the store what tells it from others: its epoch and, if the
/// database must have one, its name.
fn remember_identity(name: Option<&str>) -> String {
    let name = name.map(store_name::remember).unwrap_or_default();
    format!("{}; {name}", remember_epoch())
}

#[cfg(test)]
mod tests {
    use super::MigrationFailure;
    use diesel::result::{DatabaseErrorKind as Kind, Error};

    fn failure(kind: Kind, text: &str) -> MigrationFailure {
        Error::DatabaseError(kind, Box::new(text.to_owned())).into()
    }

    #[test]
    fn what_stops_a_migration_for_now_is_worth_waiting_for() {
        for (kind, text) in [
            (Kind::Unknown, "canceling statement due to lock timeout"),
            (Kind::Unknown, "deadlock detected"),
            (Kind::UnableToSendCommand, "connection closed"),
        ] {
            let failure = failure(kind, text);
            assert!(matches!(failure, MigrationFailure::Hindered(_)), "{text}");
        }
        let syntax = failure(Kind::Unknown, "syntax error at or near \"NONSENSE\"");
        assert!(matches!(syntax, MigrationFailure::Failed(_)));
    }
}
