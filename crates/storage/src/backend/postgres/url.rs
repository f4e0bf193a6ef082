//! The URL of a PostgreSQL database, with the parameters that libpq knows.

use super::parameters::Parameters;
use super::tls_settings::TlsSettings;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode as Encryption};

/// Where a PostgreSQL database is and how to connect to it: a cheap handle. `Debug` shows neither
/// name nor password.
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
        let (address, query) = split(text)?;
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

/// Splits a URL into its address and its parameters. A password may contain `?`, as for libpq, but
/// errors and logs show what comes after it, so nothing that could be a part of it passes for a
/// host, a database or a parameter.
fn split(text: &str) -> Result<(&str, &str), UrlError> {
    let mut schemes = ["postgres://", "postgresql://"].iter();
    let after_scheme = schemes.find_map(|scheme| text.strip_prefix(scheme));
    let after_scheme =
        after_scheme.ok_or_else(|| UrlError::new("postgres://user:password@host:port/name"))?;
    let authority = after_scheme.split('/').next().unwrap_or_default();
    let (credentials, rest) = match authority.rfind('@') {
        Some(at) => after_scheme.split_at(at + 1),
        None => ("", after_scheme),
    };
    let address = rest.split('?').next().unwrap_or_default();
    if credentials.matches('@').count() > 1 || address.contains('@') {
        return Err(UrlError::new(
            "user and password with @ written as %40 and / as %2F",
        ));
    }
    let end = text.len() - rest.len() + address.len();
    Ok((
        &text[..end],
        text[end..].strip_prefix('?').unwrap_or_default(),
    ))
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

#[cfg(test)]
mod tests {
    use super::PostgresUrl;

    #[test]
    fn a_password_is_never_taken_for_another_part() {
        for url in [
            "postgres://parlor:p@Secret@db/parlor",
            "postgres://parlor:x?Secret@@db/parlor",
            "postgres://parlor:x/Secret@db/parlor",
            "postgres://parlor:5/Secret@db/parlor?sslmode=require",
            "postgres://parlor:x?y/Secret@db/parlor?sslmode=require",
            "postgres://parlor:x?Secret/y=z@db/parlor",
        ] {
            let problem = PostgresUrl::parse(url).expect_err(url).to_string();
            assert!(!problem.contains("Secret"), "{url}: {problem}");
        }
        let plain = PostgresUrl::parse("postgres://parlor:p@Secret@db/parlor").unwrap_err();
        assert!(plain.to_string().contains("%40"), "{plain}");
    }

    #[test]
    fn a_password_may_contain_a_question_mark() {
        let url = "postgres://parlor:x?Secret1@db/parlor?sslmode=disable&user=a@b";
        let parsed = PostgresUrl::parse(url).unwrap();
        assert_eq!(parsed.server(), "db:5432");
        assert_eq!(
            parsed.config().get_password(),
            Some(b"x?Secret1".as_slice())
        );
        assert_eq!(parsed.config().get_user(), Some("a@b"));
        let encoded = PostgresUrl::parse("postgres://parlor:p%40ss%2Fw@db/parlor").unwrap();
        assert_eq!(encoded.config().get_password(), Some(b"p@ss/w".as_slice()));
    }

    #[test]
    fn several_hosts_share_the_time_to_connect() {
        let limit = |url: &str| {
            let parsed = PostgresUrl::parse(url).unwrap();
            parsed.config().get_connect_timeout().copied()
        };
        let half = super::super::CONNECT_TIMEOUT / 2;
        assert_eq!(limit("postgres://parlor@a,b/parlor"), Some(half));
        assert_eq!(limit("postgres://parlor@a/parlor"), None);
        let set = "postgres://parlor@a,b/parlor?connect_timeout=1";
        assert_eq!(limit(set), Some(std::time::Duration::from_secs(1)));
    }
}
