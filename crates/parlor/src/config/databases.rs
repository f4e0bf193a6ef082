//! The settings of one named database, and its location.

use super::ConfigError;
use super::setting::{Setting, millis, number, value};
use std::path::Path;
use std::time::Duration;
use storage::{PostgresUrl, Url};

/// The database that always exists.
const CORE: &str = "core";

/// The settings of one named database.
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
    pub(crate) sslmode: Option<String>,
    pub(crate) sslrootcert: Option<String>,
    pub(crate) pool_max: u32,
    /// `None`: 2 for `core`, 1 for others, but at most `pool_max`.
    pub(crate) pool_min: Option<u32>,
    pub(crate) acquire_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) mark_every: Duration,
    pub(crate) critical: bool,
    pub(crate) start_wait: Duration,
    pub(crate) replica_urls: Vec<String>,
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
    /// Returns the defaults of a database of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: None,
            host: None,
            port: None,
            database: None,
            user: None,
            password: None,
            sslmode: None,
            sslrootcert: None,
            pool_max: if name == CORE { 10 } else { 5 },
            pool_min: None,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(600),
            mark_every: Duration::from_secs(10),
            critical: name == CORE,
            start_wait: Duration::from_secs(60),
            replica_urls: Vec::new(),
            replica_pool_max: 5,
            replica_timeout: Duration::from_millis(250),
            replica_lag_max: Duration::from_secs(10),
        }
    }

    /// Returns whether this is the database that the server cannot do without, the only one that
    /// is read on replicas.
    pub(crate) fn is_core(&self) -> bool {
        self.name == CORE
    }

    /// Returns the prefix of its environment variables, such as `CORE_DB_`.
    pub(crate) fn prefix(&self) -> String {
        prefix(&self.name)
    }

    /// Returns the number of connections that are kept open.
    pub(crate) fn pool_min(&self) -> u32 {
        let default = if self.name == CORE { 2 } else { 1 };
        self.pool_min.unwrap_or_else(|| self.pool_max.min(default))
    }

    /// Returns where the database is: its URL, its parts, or a file of its name in the data
    /// directory.
    pub(crate) fn location(&self, data_dir: &Path) -> Result<Url, ConfigError> {
        match &self.url {
            Some(url) => self.parse(url),
            None if self.host.is_some() => self.joined_parts(),
            None => Ok(Url::Sqlite(data_dir.join(format!("{}.db", self.name)))),
        }
    }

    fn parse(&self, url: &str) -> Result<Url, ConfigError> {
        if url.starts_with("postgres") {
            return postgres(format!("{}URL", self.prefix()), url).map(Url::Postgres);
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches("//").is_empty() => {
                Ok(Url::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => Err(ConfigError {
                name: format!("{}URL", self.prefix()),
                value: None,
                expected: "postgres://user:password@host:port/name or sqlite:path".to_owned(),
            }),
        }
    }

    /// Returns where the replicas are.
    pub(crate) fn replica_locations(&self) -> Result<Vec<PostgresUrl>, ConfigError> {
        let urls = self.replica_urls.iter();
        let parsed = urls.map(|url| postgres(format!("{}REPLICA_URLS", self.prefix()), url));
        parsed
            .collect::<Result<_, _>>()
            .map_err(|error| ConfigError {
                expected: format!("{}; URLs are separated by commas", error.expected),
                ..error
            })
    }

    fn joined_parts(&self) -> Result<Url, ConfigError> {
        let url = PostgresUrl::parse(&self.url_from_parts());
        url.map(Url::Postgres).map_err(|error| {
            let expected = error.to_string();
            let (part, value) = match (&self.sslmode, &self.sslrootcert) {
                (_, Some(file)) if expected.contains("in sslrootcert") => ("SSLROOTCERT", file),
                (Some(mode), _) if expected.contains("sslmode") => ("SSLMODE", mode),
                _ => return self.problem("HOST", expected),
            };
            ConfigError::new(format!("{}{part}", self.prefix()), value.as_str(), expected)
        })
    }

    fn problem(&self, part: &str, expected: String) -> ConfigError {
        ConfigError {
            name: format!("{}{part}", self.prefix()),
            value: None,
            expected,
        }
    }

    fn url_from_parts(&self) -> String {
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
        let tls = [
            ("sslmode", &self.sslmode),
            ("sslrootcert", &self.sslrootcert),
        ];
        let tls = tls
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", encoded(value.as_deref()?))));
        let tls = tls.collect::<Vec<_>>().join("&");
        let mark = if tls.is_empty() { "" } else { "?" };
        format!("postgres://{user}{password}@{host}:{port}/{database}{mark}{tls}")
    }
}

/// Parses the URL that a setting has; the error does not show it.
fn postgres(name: String, url: &str) -> Result<PostgresUrl, ConfigError> {
    PostgresUrl::parse(url).map_err(|error| ConfigError {
        name,
        value: None,
        expected: error.to_string(),
    })
}

/// Returns the prefix of a database's environment variables.
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

/// Returns the settings of each named database.
pub(crate) fn table() -> Vec<Setting<DatabaseSettings>> {
    [location(), pool(), replicas()]
        .into_iter()
        .flatten()
        .collect()
}

fn location() -> Vec<Setting<DatabaseSettings>> {
    vec![
        value(
            "url",
            "postgres://user:password@host:port/name or sqlite:path",
            |d| &mut row(d).url,
        )
        .secret()
        .about(
            "Where the database is. Unset: a SQLite file of the database's name in the data \
             directory. Cannot be combined with host, port, name, user, password, sslmode and \
             sslrootcert: a URL has these as its parameters.",
        ),
        value("host", "a host name or an address", |d| &mut row(d).host)
            .about("Host of PostgreSQL, instead of a URL."),
        number("port", "", 1..=65_535, |d| &mut row(d).port)
            .about("Port of PostgreSQL. Unset: 5432."),
        value("name", "a database's name", |d| &mut row(d).database)
            .about("Name of the PostgreSQL database. Unset: parlor."),
        value("user", "a user's name", |d| &mut row(d).user)
            .about("User of PostgreSQL. Unset: parlor."),
        value("password", "a password", |d| &mut row(d).password)
            .secret()
            .about("Password of PostgreSQL. Unset: none is sent."),
        value(
            "sslmode",
            "disable, allow, prefer, require, verify-ca or verify-full",
            |d| &mut row(d).sslmode,
        )
        .about(
            "Whether connections to PostgreSQL are encrypted, as libpq means it. Unset: prefer, or \
             verify-full if sslrootcert is system.",
        )
        .ends(
            "Passwords and messages cross the network in clear text, or reach whoever answers.",
            "The server's certificate must name the host.",
        ),
        value("sslrootcert", "a file or system", |d| {
            &mut row(d).sslrootcert
        })
        .about(
            "PEM file of the certificates that vouch for PostgreSQL; system: those that the \
             operating system trusts. Unset: system for verify-full.",
        ),
        value("critical", "on or off", |d| &mut row(d).critical).about(
            "Whether the server is unavailable while this database is; always on for core. \
             Default of other databases: off.",
        ),
        millis("start_wait_ms", 0..=86_400_000, |d| &mut row(d).start_wait)
            .about(
                "How long a start waits for a critical database whose PostgreSQL server cannot be \
             reached; the server listens meanwhile but is not ready.",
            )
            .ends(
                "The process exits if it starts before PostgreSQL.",
                "A mistyped host is noticed late by whatever watches for failed starts.",
            ),
    ]
}

fn pool() -> Vec<Setting<DatabaseSettings>> {
    vec![
        number("pool_max", "connections", 1..=1_000, |d| {
            &mut row(d).pool_max
        })
        .about("Most connections. Default of databases other than core: 5.")
        .ends(
            "Callers wait for connections.",
            "PostgreSQL runs out of connection slots.",
        ),
        number("pool_min", "connections", 0..=1_000, |d| {
            &mut row(d).pool_min
        })
        .about("Connections kept open. Unset: 2 for core, 1 for others, but at most pool_max.")
        .ends(
            "A burst waits until new connections are open.",
            "Idle connections occupy slots of PostgreSQL.",
        ),
        millis("acquire_timeout_ms", 10..=600_000, |d| {
            &mut row(d).acquire_timeout
        })
        .about(
            "Longest wait for a connection. Together with statement_timeout_ms less than \
             ask_timeout_ms.",
        )
        .ends(
            "Short bursts are refused.",
            "Callers wait long for an unavailable database.",
        ),
        millis("statement_timeout_ms", 10..=600_000, |d| {
            &mut row(d).statement_timeout
        })
        .about(
            "Longest statement; PostgreSQL cancels it then. SQLite cannot cancel: the caller of \
             a read gets an error.",
        )
        .ends(
            "Statements fail on a slow disk that would have succeeded.",
            "A stuck query occupies its connection.",
        ),
        millis("idle_timeout_ms", 1_000..=86_400_000, |d| {
            &mut row(d).idle_timeout
        })
        .about(
            "Time after which an unused connection to PostgreSQL is closed, at most half as long \
             later; the pool reopens pool_min of them. Connections to an embedded database stay \
             open.",
        )
        .ends("Connections keep being reopened.", "Idle connections occupy slots of PostgreSQL."),
        millis("mark_every_ms", 10..=3_600_000, |d| {
            &mut row(d).mark_every
        })
        .about(
            "How often the position of an embedded core is written to a file beside it, so that \
             the server notices when an older copy is put in its place.",
        )
        .ends(
            "Needless disk writes.",
            "After a crash, a copy taken shortly before it goes unnoticed.",
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
            "Hot standbys of this database, from which history, logs and members may be read. Only \
             for core on PostgreSQL.",
        ),
        number("replica_pool_max", "connections", 1..=1_000, |d| {
            &mut row(d).replica_pool_max
        })
        .about("Most connections to each replica.")
        .ends(
            "Reads go to the primary although the replica has capacity.",
            "The replica runs out of connection slots.",
        ),
        millis("replica_timeout_ms", 10..=60_000, |d| {
            &mut row(d).replica_timeout
        })
        .about("Longest read on a replica; then the primary answers.")
        .ends(
            "Reads that a busy replica would have answered run twice.",
            "A hanging replica makes some readers wait.",
        ),
        millis("replica_lag_max_ms", 100..=3_600_000, |d| {
            &mut row(d).replica_lag_max
        })
        .about(
            "Largest lag of a replica; one that is further behind is not used until it has \
             caught up.",
        )
        .ends(
            "A burst of writes sends all reads to the primary.",
            "The name of a deleted account stays visible for longer.",
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
            postgres_at("postgres://parlor:p%40ss%2Fword@db:5432/parlor")
        );
    }

    fn postgres_at(url: &str) -> Url {
        Url::Postgres(PostgresUrl::parse(url).unwrap())
    }

    #[test]
    fn the_parts_may_ask_for_tls() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.sslmode = Some("verify-full".to_owned());
        core.sslrootcert = Some("system".to_owned());
        assert_eq!(
            core.location(Path::new("data")).unwrap(),
            postgres_at("postgres://parlor@db:5432/parlor?sslmode=verify-full&sslrootcert=system")
        );
    }

    #[test]
    fn a_part_that_is_wrong_is_named_with_its_value() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.sslmode = Some("verify".to_owned());
        let problem = core.location(Path::new("data")).unwrap_err().to_string();
        assert!(
            problem.starts_with("CORE_DB_SSLMODE: got \"verify\""),
            "{problem}"
        );
        core.sslmode = Some("verify-ca".to_owned());
        core.sslrootcert = Some("/nowhere/root.pem".to_owned());
        let problem = core.location(Path::new("data")).unwrap_err().to_string();
        let named = problem.starts_with("CORE_DB_SSLROOTCERT: got \"/nowhere/root.pem\"");
        assert!(named && problem.contains("No such file"), "{problem}");
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
                postgres_at(&format!("postgres://parlor@{written}:5432/parlor"))
            );
        }
    }

    #[test]
    fn a_bad_host_is_not_blamed_on_another_part() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("[fd00::1".to_owned());
        core.sslmode = Some("require".to_owned());
        let problem = core.location(Path::new("data")).unwrap_err().to_string();
        assert!(problem.starts_with("CORE_DB_HOST:"), "{problem}");
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
