//! The second database, for statistics, which can be lost or fall silent.

use crate::database::Sql;
use crate::link::Link;
use crate::settings::Settings;
use crate::store::{Kind, Store};
use fixtures::Postgres;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

/// The database `analytics` of a store's servers.
pub struct SecondDatabase(Place);

enum Place {
    File(PathBuf),
    Server {
        database: String,
        /// Dropped only when the test's runtime ends: its server is stopped, and checked, after
        /// this value is dropped.
        link: ManuallyDrop<Link>,
    },
}

impl SecondDatabase {
    /// Creates an empty one, of the same kind as the store.
    pub async fn of(store: &Store) -> Self {
        if store.kind() == Kind::Sqlite {
            return Self(Place::File(store.folder().join("beside/analytics.db")));
        }
        let database = format!("{}_beside", store.database());
        Sql::administer(&format!("CREATE DATABASE {database}")).await;
        let link = ManuallyDrop::new(Link::to(Postgres::shared().port()).await);
        Self(Place::Server { database, link })
    }

    /// Returns the settings of a server that uses it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let url = match &self.0 {
            Place::File(file) => format!("sqlite:{}", file.display()),
            Place::Server { database, link } => {
                format!("postgres://parlor@127.0.0.1:{}/{database}", link.port())
            }
        };
        Settings::default()
            .with("DATABASES", "core,analytics")
            .with("ANALYTICS_DB_URL", &url)
    }

    /// Connects to it directly.
    pub async fn sql(&self) -> Sql {
        match &self.0 {
            Place::File(file) => Sql::sqlite(file),
            Place::Server { database, .. } => {
                Sql::postgres(&Postgres::shared().url(database)).await
            }
        }
    }

    /// Deletes all its data. No server may be using it.
    pub async fn lose(&self) {
        match &self.0 {
            Place::File(file) => {
                let folder = file.parent().expect("it is in a folder");
                std::fs::remove_dir_all(folder).expect("it can be removed");
            }
            Place::Server { database, .. } => {
                Sql::administer(&format!("DROP DATABASE {database} WITH (FORCE)")).await;
                Sql::administer(&format!("CREATE DATABASE {database}")).await;
            }
        }
    }

    /// Makes it unresponsive: another process locks the file, or the server does not answer.
    pub async fn silence(&self) -> SilencedDatabase<'_> {
        match &self.0 {
            Place::File(file) => {
                let mut sql = Sql::sqlite(file);
                sql.run("BEGIN IMMEDIATE").await;
                SilencedDatabase::Lock(sql)
            }
            Place::Server { link, .. } => {
                link.silence();
                SilencedDatabase::Link(link)
            }
        }
    }

    /// Makes it impossible to open: a file in place of its folder, or no server.
    pub fn hide(&self) -> HiddenDatabase<'_> {
        match &self.0 {
            Place::File(file) => {
                let folder = file.parent().expect("it is in a folder").to_owned();
                std::fs::write(&folder, "in the way").expect("there is nothing yet");
                HiddenDatabase::File(folder)
            }
            Place::Server { link, .. } => {
                link.cut();
                HiddenDatabase::Link(link)
            }
        }
    }
}

/// Makes the database responsive again when dropped.
#[must_use]
pub enum SilencedDatabase<'b> {
    /// A locked SQLite file.
    Lock(Sql),
    /// A silenced PostgreSQL server.
    Link(&'b Link),
}

impl Drop for SilencedDatabase<'_> {
    fn drop(&mut self) {
        if let Self::Link(link) = self {
            link.open();
        }
    }
}

/// Makes the database reachable again when dropped.
#[must_use]
pub enum HiddenDatabase<'b> {
    /// A file in place of the database's folder.
    File(PathBuf),
    /// A cut link to the PostgreSQL server.
    Link(&'b Link),
}

impl Drop for HiddenDatabase<'_> {
    fn drop(&mut self) {
        match self {
            Self::File(file) => std::fs::remove_file(file).expect("the file in the way exists"),
            Self::Link(link) => link.open(),
        }
    }
}
