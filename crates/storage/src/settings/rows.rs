//! The rows of a database in the configuration.

use super::DatabaseSettings;
use settings::{Setting, millis, number, value};

pub(super) fn rows() -> Vec<Setting<DatabaseSettings>> {
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
            |d: &mut DatabaseSettings| &mut d.url,
        )
        .secret()
        .about(
            "Where the database is. Unset: a SQLite file of the database's name in the data \
             directory, or for a database other than core, if core is on PostgreSQL and there is no such \
             file, a schema of that name in core's database. Cannot be combined with host, port, name, user, password, sslmode and \
             sslrootcert: a URL has these as its parameters.",
        ),
        value("host", "a host name or an address", |d: &mut DatabaseSettings| &mut d.host)
            .about("Host of PostgreSQL, instead of a URL."),
        number("port", "", 1..=65_535, |d: &mut DatabaseSettings| &mut d.port)
            .about("Port of PostgreSQL. Unset: 5432."),
        value("name", "a database's name", |d: &mut DatabaseSettings| &mut d.database)
            .about("Name of the PostgreSQL database. Unset: parlor."),
        value("user", "a user's name", |d: &mut DatabaseSettings| &mut d.user)
            .about("User of PostgreSQL. Unset: parlor."),
        value("password", "a password", |d: &mut DatabaseSettings| &mut d.password)
            .secret()
            .about("Password of PostgreSQL. Unset: none is sent."),
        value(
            "sslmode",
            "disable, allow, prefer, require, verify-ca or verify-full",
            |d: &mut DatabaseSettings| &mut d.sslmode,
        )
        .about(
            "Whether connections to PostgreSQL are encrypted, as libpq means it. Unset: prefer, or \
             verify-full if sslrootcert is system.",
        )
        .ends(
            "Passwords and messages cross the network in clear text, or reach whoever answers.",
            "The server's certificate must name the host.",
        ),
        value("sslrootcert", "a file or system", |d: &mut DatabaseSettings| &mut d.sslrootcert)
        .about(
            "PEM file of the certificates that vouch for PostgreSQL; system: those that the \
             operating system trusts. Unset: system for verify-full.",
        ),
        value("critical", "on or off", |d: &mut DatabaseSettings| &mut d.critical).about(
            "Whether the server is unavailable while this database is; always on for core. \
             Default of other databases: off.",
        ),
        millis("start_wait_ms", 0..=86_400_000, |d: &mut DatabaseSettings| &mut d.start_wait)
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
        number(
            "pool_max",
            "connections",
            1..=1_000,
            |d: &mut DatabaseSettings| &mut d.pool_max,
        )
        .about("Most connections. Default of databases other than core: 5.")
        .ends(
            "Callers wait for connections.",
            "PostgreSQL runs out of connection slots.",
        ),
        number(
            "pool_min",
            "connections",
            0..=1_000,
            |d: &mut DatabaseSettings| &mut d.pool_min,
        )
        .about("Connections kept open. Unset: 2 for core, 1 for others, but at most pool_max.")
        .ends(
            "A burst waits until new connections are open.",
            "Idle connections occupy slots of PostgreSQL.",
        ),
        millis(
            "acquire_timeout_ms",
            10..=600_000,
            |d: &mut DatabaseSettings| &mut d.acquire_timeout,
        )
        .about(
            "Longest wait for a connection. Together with statement_timeout_ms less than \
             ask_timeout_ms.",
        )
        .ends(
            "Short bursts are refused.",
            "Callers wait long for an unavailable database.",
        ),
        millis(
            "statement_timeout_ms",
            10..=600_000,
            |d: &mut DatabaseSettings| &mut d.statement_timeout,
        )
        .about(
            "Longest statement; PostgreSQL cancels it then. SQLite cannot cancel: the caller of \
             a read gets an error.",
        )
        .ends(
            "Statements fail on a slow disk that would have succeeded.",
            "A stuck query occupies its connection.",
        ),
        millis(
            "idle_timeout_ms",
            1_000..=86_400_000,
            |d: &mut DatabaseSettings| &mut d.idle_timeout,
        )
        .about(
            "Time after which an unused connection to PostgreSQL is closed, at most half as long \
             later; the pool reopens pool_min of them. Connections to an embedded database stay \
             open.",
        )
        .ends(
            "Connections keep being reopened.",
            "Idle connections occupy slots of PostgreSQL.",
        ),
        millis(
            "mark_every_ms",
            10..=3_600_000,
            |d: &mut DatabaseSettings| &mut d.mark_every,
        )
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
            |d: &mut DatabaseSettings| &mut d.replica_urls,
        )
        .secret()
        .about(
            "Hot standbys of this database, from which history, logs and members may be read. Only \
             for core on PostgreSQL.",
        ),
        number(
            "replica_pool_max",
            "connections",
            1..=1_000,
            |d: &mut DatabaseSettings| &mut d.replica_pool_max,
        )
        .about("Most connections to each replica.")
        .ends(
            "Reads go to the primary although the replica has capacity.",
            "The replica runs out of connection slots.",
        ),
        millis(
            "replica_timeout_ms",
            10..=60_000,
            |d: &mut DatabaseSettings| &mut d.replica_timeout,
        )
        .about("Longest read on a replica; then the primary answers.")
        .ends(
            "Reads that a busy replica would have answered run twice.",
            "A hanging replica makes some readers wait.",
        ),
        millis(
            "replica_lag_max_ms",
            100..=3_600_000,
            |d: &mut DatabaseSettings| &mut d.replica_lag_max,
        )
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
