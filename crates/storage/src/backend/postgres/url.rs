//! The URL of a PostgreSQL database, with the parameters that libpq knows.

use super::parameters::Parameters;
use super::tls_settings::TlsSettings;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode as Encryption};

/// Where a PostgreSQL database is and how to connect to it. `Debug` shows neither name nor
/// password.
/// A cheap handle.
#[derive(Clone)]
pub struct PostgresUrl(Arc<Target>);

struct Target {
    text: String,
    config: Config,
    tls: TlsSettings,
    /// Whether the last connection was not encrypted although that was preferred.
    in_clear: AtomicBool,
}

/// What is wrong with a URL, in words that follow "expected".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(String);

impl UrlError {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self(expected.into())
    }
}

impl PostgresUrl {
    /// Parses a URL that begins with `postgres://` or `postgresql://`. Reads the files of
    /// certificates that it names.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut schemes = ["postgres://", "postgresql://"].iter();
        if !schemes.any(|scheme| address.starts_with(scheme)) {
            return Err(UrlError::new("postgres://user:password@host:port/name"));
        }
        let mut parameters = Parameters::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parameters.take(pair)?;
        }
        let mut config = parameters.config(address)?;
        let tls = parameters.tls.settings()?;
        let mut hosts = config.get_hosts().iter();
        if hosts.all(|host| matches!(host, Host::Unix(_))) {
            // libpq ignores sslmode there, too.
            config.ssl_mode(Encryption::Disable);
        }
        Ok(Self(Arc::new(Target {
            text: text.to_owned(),
            config,
            tls,
            in_clear: AtomicBool::new(false),
        })))
    }

    /// Returns the URL as it was written, password included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Returns the settings of the driver; how a connection is encrypted is decided for each.
    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(super) fn tls(&self) -> &TlsSettings {
        &self.0.tls
    }

    /// Returns the hosts and ports, as errors and logs name them.
    pub(crate) fn server(&self) -> String {
        let (hosts, ports) = (self.0.config.get_hosts(), self.0.config.get_ports());
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let servers = hosts.iter().enumerate().map(|(at, host)| match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port(at)),
            Host::Tcp(name) => format!("{name}:{}", port(at)),
            Host::Unix(path) => format!("{}:{}", path.display(), port(at)),
        });
        servers.collect::<Vec<_>>().join(", ")
    }

    /// Whether connections lead to a socket of this machine, which is never encrypted.
    pub(super) fn is_local(&self) -> bool {
        self.0.config.get_ssl_mode() == Encryption::Disable
    }

    /// Notes that a connection is encrypted.
    pub(super) fn note_encrypted(&self) {
        self.0.in_clear.store(false, Ordering::Relaxed);
    }

    /// Logs that a connection is not encrypted, unless the one before was not either.
    pub(super) fn note_in_clear(&self, reason: &str) {
        if self.0.in_clear.swap(true, Ordering::Relaxed) {
            return;
        }
        let server = self.server();
        tracing::warn!(
            server,
            reason,
            "connected to PostgreSQL in clear text, without TLS: set sslmode=require or stronger to \
             refuse that, or sslmode=disable if it is meant"
        );
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for PostgresUrl {}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(…)")
    }
}
