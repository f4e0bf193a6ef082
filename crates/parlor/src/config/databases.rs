//! One named database's settings, and where it is.

use super::ConfigError;
use super::setting::{Setting, millis, number, value};
use super::value::{PostgresUrl, Value as _};
use std::path::Path;
use std::time::Duration;
use storage::Url;

/// The database that is always there.
const CORE: &str = "core";

/// What can be set for one named database.
#[derive(Clone)]
pub(crate) struct DatabaseSettings {
    /// Its name in the registry.
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) database: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) pool_max: u32,
    /// `None`: 2, beside `core` 1, or `pool_max` if that is less.
    pub(crate) pool_min: Option<u32>,
    pub(crate) acquire_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) mark_every: Duration,
    pub(crate) critical: bool,
    pub(crate) replica_urls: Vec<PostgresUrl>,
    pub(crate) replica_pool_max: u32,
    pub(crate) replica_timeout: Duration,
    pub(crate) replica_lag_max: Duration,
}

impl std::fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl DatabaseSettings {
    /// The defaults of a database of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: None,
            host: None,
            port: None,
            database: None,
            user: None,
            password: None,
            pool_max: if name == CORE { 10 } else { 5 },
            pool_min: None,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(600),
            mark_every: Duration::from_secs(10),
            critical: name == CORE,
            replica_urls: Vec::new(),
            replica_pool_max: 5,
            replica_timeout: Duration::from_millis(250),
            replica_lag_max: Duration::from_secs(10),
        }
    }

    /// Whether anything reads on its replicas.
    pub(crate) fn may_have_replicas(&self) -> bool {
        self.name == CORE
    }

    /// The prefix of its names in the environment: `CORE_DB_`.
    pub(crate) fn prefix(&self) -> String {
        prefix(&self.name)
    }

    /// Connections kept open.
    pub(crate) fn pool_min(&self) -> u32 {
        let usual = if self.name == CORE { 2 } else { 1 };
        self.pool_min.unwrap_or_else(|| self.pool_max.min(usual))
    }

    /// Where it is: its URL, or its parts, or a file of its name in the data directory.
    pub(crate) fn location(&self, data_dir: &Path) -> Result<Url, ConfigError> {
        match &self.url {
            Some(url) => self.parse(url),
            None if self.host.is_some() => Ok(Url::Postgres(self.joined())),
            None => Ok(Url::Sqlite(data_dir.join(format!("{}.db", self.name)))),
        }
    }

    fn parse(&self, url: &str) -> Result<Url, ConfigError> {
        if let Some(PostgresUrl(url)) = PostgresUrl::parse(url) {
            return Ok(Url::Postgres(url));
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches("//").is_empty() => {
                Ok(Url::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => Err(ConfigError {
                name: format!("{}URL", self.prefix()),
                given: None,
                expected: "postgres://user:password@host:port/name or sqlite:path".to_owned(),
            }),
        }
    }

    fn joined(&self) -> String {
        let or = |text: &Option<String>, or: &str| encoded(text.as_deref().unwrap_or(or));
        let user = or(&self.user, "parlor");
        let password = match &self.password {
            Some(password) => format!(":{}", encoded(password)),
            None => String::new(),
        };
        let host = self.host.as_deref().unwrap_or("localhost");
        let bare = host.contains(':') && !host.starts_with('[');
        let host = if bare {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let port = self.port.unwrap_or(5432);
        let database = or(&self.database, "parlor");
        format!("postgres://{user}{password}@{host}:{port}/{database}")
    }
}

/// The prefix of a database's names in the environment.
pub(super) fn prefix(name: &str) -> String {
    format!("{}_DB_", name.to_uppercase())
}

/// Percent-encodes everything that could end a part of a URL.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What can be set for each named database.
pub(crate) fn table() -> Vec<Setting<DatabaseSettings>> {
    [place(), pool(), replicas()]
        .into_iter()
        .flatten()
        .collect()
}

fn place() -> Vec<Setting<DatabaseSettings>> {
    vec![
        value(
            "url",
            "postgres://user:password@host:port/name or sqlite:path",
            |d| &mut row(d).url,
        )
        .secret()
        .about(
            "Where the database is. Unset: a SQLite file of the database's name in the data \
             directory. Contradicts host, port, name, user and password.",
        ),
        value("host", "a host name or an address", |d| &mut row(d).host)
            .about("PostgreSQL's host, instead of a URL."),
        number("port", "the port", 1..=65_535, |d| &mut row(d).port)
            .about("PostgreSQL's port. Unset: 5432."),
        value("name", "a database's name", |d| &mut row(d).database)
            .about("PostgreSQL's database. Unset: parlor."),
        value("user", "a user's name", |d| &mut row(d).user)
            .about("PostgreSQL's user. Unset: parlor."),
        value("password", "a password", |d| &mut row(d).password)
            .secret()
            .about("PostgreSQL's password. Unset: none is sent."),
        value("critical", "on or off", |d| &mut row(d).critical)
            .about("Whether the server is unavailable without it. Beside core the default is off."),
    ]
}

fn pool() -> Vec<Setting<DatabaseSettings>> {
    vec![
        number("pool_max", "connections", 1..=1_000, |d| {
            &mut row(d).pool_max
        })
        .about("Most connections. Beside core the default is 5.")
        .ends(
            "Callers wait for one another.",
            "PostgreSQL runs out of slots.",
        ),
        number("pool_min", "connections", 0..=1_000, |d| {
            &mut row(d).pool_min
        })
        .about("Connections kept open. Unset: 2, beside core 1, or pool_max if that is less.")
        .ends(
            "A burst waits for new connections.",
            "Idle connections hold slots.",
        ),
        millis("acquire_timeout_ms", 10..=600_000, |d| {
            &mut row(d).acquire_timeout
        })
        .about("Longest wait for a connection. With the statement's time within ask_timeout_ms.")
        .ends(
            "A short burst is refused.",
            "Callers wait for a database that is away.",
        ),
        millis("statement_timeout_ms", 10..=600_000, |d| {
            &mut row(d).statement_timeout
        })
        .about("Longest statement: PostgreSQL ends it then. SQLite cannot; who waits for a read is told.")
        .ends(
            "A slow disk fails what would have succeeded.",
            "A stuck query holds its connection.",
        ),
        millis("idle_timeout_ms", 1_000..=86_400_000, |d| {
            &mut row(d).idle_timeout
        })
        .about(
            "After this long unused a connection to PostgreSQL is closed, at most half as long \
             later, and pool_min of them are made anew. Those to an embedded database stay.",
        )
        .ends("Connections come and go.", "Idle connections hold slots."),
        millis("mark_every_ms", 10..=3_600_000, |d| {
            &mut row(d).mark_every
        })
        .about(
            "How often it is noted beside an embedded core how far it has come; an older copy that \
             is put back by hand is told by that.",
        )
        .ends(
            "The disk writes for nothing.",
            "After a crash a copy taken shortly before it goes unnoticed.",
        ),
    ]
}

fn replicas() -> Vec<Setting<DatabaseSettings>> {
    vec![
        value(
            "replica_urls",
            "postgres://user:password@host:port/name, separated by commas",
            |d| &mut row(d).replica_urls,
        )
        .secret()
        .about(
            "Hot standbys of this database, where history, logs and members may be read. Only core \
             on PostgreSQL has any.",
        ),
        number("replica_pool_max", "connections", 1..=1_000, |d| {
            &mut row(d).replica_pool_max
        })
        .about("Most connections to each replica.")
        .ends(
            "Reads go to the primary though the replica is well.",
            "The replica runs out of slots.",
        ),
        millis("replica_timeout_ms", 10..=60_000, |d| {
            &mut row(d).replica_timeout
        })
        .about("Longest read on a replica; after that the primary is asked.")
        .ends(
            "What a busy replica would have answered is read twice.",
            "A replica that hangs makes some readers wait.",
        ),
        millis("replica_lag_max_ms", 100..=3_600_000, |d| {
            &mut row(d).replica_lag_max
        })
        .about("A replica that is further behind is not asked until it has caught up.")
        .ends(
            "A burst of writes turns all reads to the primary.",
            "The name of a deleted account shows for longer.",
        ),
    ]
}

/// Names the type for the closures above.
fn row(database: &mut DatabaseSettings) -> &mut DatabaseSettings {
    database
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_name_is_a_file_in_the_data_directory() {
        let core = DatabaseSettings::new("core");
        assert_eq!(
            core.location(Path::new("/var/lib/parlor")).unwrap(),
            Url::Sqlite("/var/lib/parlor/core.db".into())
        );
    }

    #[test]
    fn a_database_beside_core_is_smaller_and_not_critical() {
        let (core, other) = (
            DatabaseSettings::new("core"),
            DatabaseSettings::new("analytics"),
        );
        assert_eq!(
            (core.pool_max, core.pool_min(), core.critical),
            (10, 2, true)
        );
        assert_eq!(
            (other.pool_max, other.pool_min(), other.critical),
            (5, 1, false)
        );
    }

    #[test]
    fn the_parts_make_a_url_with_every_odd_character_encoded() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.password = Some("p@ss/word".to_owned());
        assert_eq!(
            core.location(Path::new("data")).unwrap(),
            Url::Postgres("postgres://parlor:p%40ss%2Fword@db:5432/parlor".to_owned())
        );
    }

    #[test]
    fn a_host_may_be_an_address_of_either_kind() {
        for (host, written) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::7", "[2001:db8::7]"),
            ("[::1]", "[::1]"),
        ] {
            let mut core = DatabaseSettings::new("core");
            core.host = Some(host.to_owned());
            assert_eq!(
                core.location(Path::new("data")).unwrap(),
                Url::Postgres(format!("postgres://parlor@{written}:5432/parlor"))
            );
        }
    }

    #[test]
    fn a_url_of_another_kind_is_a_problem_that_does_not_show_it() {
        let mut core = DatabaseSettings::new("core");
        core.url = Some("mysql://root:secret@db".to_owned());
        let problem = core.location(Path::new("data")).unwrap_err().to_string();
        assert!(problem.starts_with("CORE_DB_URL:"), "{problem}");
        assert!(!problem.contains("secret"), "{problem}");
    }
}
