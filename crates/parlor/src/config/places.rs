//! Where each database is, also those whose settings do not say.

use super::{Config, ConfigError};
use storage::{DatabaseSettings, Url};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file or the PostgreSQL database.
    pub(crate) url: Url,
    /// The schema within PostgreSQL's database; `None`: the default one.
    pub(crate) schema: Option<String>,
}

impl Config {
    /// Returns where a database is. Without settings of its own that is a file of its name in the data
    /// directory or, if `core` is on PostgreSQL and there is no such file, a schema of its name in
    /// core's database. So a database stays where it is when only `core` moves.
    pub(crate) fn place(&self, database: &DatabaseSettings) -> Result<Place, ConfigError> {
        if let Some(url) = database.location()? {
            return Ok(Place { url, schema: None });
        }
        let name = &database.name;
        let file = self.data_dir.join(format!("{name}.db"));
        let core = self.databases[0].location()?;
        Ok(match core {
            Some(url @ Url::Postgres(_)) if !database.is_core() && !file.exists() => Place {
                url,
                schema: Some(name.clone()),
            },
            _ => Place {
                url: Url::Sqlite(file),
                schema: None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(core: Option<&str>, other: Option<&str>) -> [Place; 2] {
        let mut config = Config::default();
        config.databases.push(DatabaseSettings::new("karma"));
        config.databases[0].url = core.map(str::to_owned);
        config.databases[1].url = other.map(str::to_owned);
        let place = |at: usize| config.place(&config.databases[at]).unwrap();
        [place(0), place(1)]
    }

    #[test]
    fn embedded_databases_lie_beside_each_other() {
        let [core, karma] = place(None, None);
        assert_eq!(core.url, Url::Sqlite("data/core.db".into()));
        assert_eq!(karma.url, Url::Sqlite("data/karma.db".into()));
        assert_eq!((core.schema, karma.schema), (None, None));
    }

    #[test]
    fn on_postgres_a_database_is_a_schema_in_cores() {
        let url = "postgres://parlor@localhost/parlor";
        let [core, karma] = place(Some(url), None);
        assert_eq!((&core.url, core.schema), (&karma.url, None));
        assert_eq!(karma.schema.as_deref(), Some("karma"));
    }

    #[test]
    fn a_file_in_the_data_directory_goes_on_being_used() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        config.databases[0].url = Some("postgres://parlor@localhost/parlor".to_owned());
        config.databases.push(DatabaseSettings::new("analytics"));
        let place = || config.place(&config.databases[1]).unwrap();
        assert_eq!(place().schema.as_deref(), Some("analytics"));
        let file = folder.path().join("analytics.db");
        std::fs::write(&file, "").unwrap();
        assert_eq!((place().url, place().schema), (Url::Sqlite(file), None));
    }

    #[test]
    fn a_location_of_its_own_counts() {
        let [_, karma] = place(Some("postgres://a/parlor"), Some("sqlite:k.db"));
        assert_eq!(
            (karma.url, karma.schema),
            (Url::Sqlite("k.db".into()), None)
        );
    }
}
