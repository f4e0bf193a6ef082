//! Why there is no connection: the server, the reason, and whether waiting may help.

use super::tls_settings::Roots;
use super::url::PostgresUrl;
use diesel::ConnectionError;
use rustls::CertificateError;
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use tokio_postgres::error::SqlState;

/// Classes of errors of a server that is not ready or too busy: connection exceptions, insufficient
/// resources, the operator's intervention, the system's errors.
const PASSING_CLASSES: [&str; 4] = ["08", "53", "57", "58"];

/// PgBouncer's texts while PostgreSQL is not ready or too busy. It reports them with the code of
/// every other refusal, also of a password.
const POOLER_WAITS: [&str; 4] = [
    "server login has been failing",
    "query_wait_timeout",
    "no more connections allowed",
    "pgbouncer cannot connect to server",
];

/// Why there is no connection.
#[derive(Debug)]
pub(crate) struct ConnectError {
    text: String,
    may_pass: bool,
}

impl ConnectError {
    /// Returns the error for a cause that may be gone in a moment.
    pub(super) fn passing(url: &PostgresUrl, why: &dyn Display) -> Self {
        Self {
            text: format!("cannot connect to {}: {why}", url.server()),
            may_pass: true,
        }
    }

    /// Returns the error for a cause that stays until somebody acts.
    pub(super) fn lasting(url: &PostgresUrl, why: &dyn Display) -> Self {
        Self {
            may_pass: false,
            ..Self::passing(url, why)
        }
    }

    /// Returns the error for what the driver reports.
    pub(super) fn of(url: &PostgresUrl, error: &tokio_postgres::Error) -> Self {
        let why = reason(url, error);
        if may_pass(error) {
            Self::passing(url, &why)
        } else {
            Self::lasting(url, &why)
        }
    }

    /// Whether the same attempt may succeed later although nobody does anything.
    pub(crate) fn may_pass(&self) -> bool {
        self.may_pass
    }
}

impl Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for ConnectError {}

impl From<ConnectError> for ConnectionError {
    fn from(error: ConnectError) -> Self {
        Self::BadConnection(error.text)
    }
}

/// Whether the server let nobody in from here, or not this way: with or without TLS.
pub(super) fn is_refusal(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn may_pass(error: &tokio_postgres::Error) -> bool {
    if let Some(reported) = error.as_db_error() {
        let code = reported.code();
        if *code == SqlState::PROTOCOL_VIOLATION {
            let message = reported.message();
            return POOLER_WAITS.iter().any(|text| message.contains(text));
        }
        let mut classes = PASSING_CLASSES.iter();
        return classes.any(|class| code.code().starts_with(class));
    }
    let cause = error
        .source()
        .and_then(<dyn Error>::downcast_ref::<io::Error>);
    error.is_closed() || cause.is_some_and(|io| tls_error(io).is_none())
}

fn reason(url: &PostgresUrl, error: &tokio_postgres::Error) -> String {
    if let Some(reported) = error.as_db_error() {
        return reported.message().to_owned();
    }
    let Some(cause) = error.source() else {
        return error.to_string();
    };
    let tls = cause.downcast_ref::<io::Error>().and_then(tls_error);
    match tls {
        Some(error) => tls_reason(url, error),
        None => match cause.to_string().as_str() {
            "server does not support TLS" => {
                "the server does not offer TLS, which sslmode requires".to_owned()
            }
            "password missing" => "the server asks for a password, and none is set".to_owned(),
            other => other.to_owned(),
        },
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn tls_reason(url: &PostgresUrl, error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(problem) => certificate_reason(url, problem),
        other => format!("TLS failed: {other}"),
    }
}

fn certificate_reason(url: &PostgresUrl, problem: &CertificateError) -> String {
    let roots = match &url.tls().roots {
        Roots::File(file) => format!("in {}", file.display()),
        Roots::Any | Roots::System => "that this system trusts".to_owned(),
    };
    let unknown = || format!("the server's certificate comes from no authority {roots}");
    match problem {
        CertificateError::UnknownIssuer => unknown(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names = match presented.as_slice() {
                [] => "no host (subjectAltName)".to_owned(),
                names => names.join(", "),
            };
            let host = expected.to_str();
            format!("the server's certificate is not valid for name \"{host}\": it names {names}")
        }
        CertificateError::Other(other) => match other.to_string().as_str() {
            // It has signed itself.
            "CaUsedAsEndEntity" => unknown(),
            "UnsupportedCertVersion" => {
                "the server's certificate is of X.509 version 1, and must be of version 3"
                    .to_owned()
            }
            other => format!("the server's certificate is not accepted: {other}"),
        },
        other => format!("the server's {other}"),
    }
}
