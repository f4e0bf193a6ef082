//! The parameters of a URL of PostgreSQL, sorted by who reads them.

use super::CONNECT_TIMEOUT;
use super::tls_parameters::TlsParameters;
use super::url::UrlError;
use percent_encoding::percent_decode_str;
use std::error::Error as _;
use std::time::Duration;
use tokio_postgres::Config;

/// How soon a connection notices that the server has vanished without a word: about 11 s.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_RETRIES: u32 = 3;
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(11);

/// Parameters of libpq that tokio-postgres reads by the same name and in the same way.
const PASSED_ON: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "user",
];

/// The parameters of a URL.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) tls: TlsParameters,
    /// For tokio-postgres, as they were written.
    passed_on: Vec<String>,
    keepalives_retries: Option<u32>,
    tcp_user_timeout: Option<Duration>,
}

impl Parameters {
    /// Takes a parameter of the form `key=value`.
    pub(super) fn take(&mut self, pair: &str) -> Result<(), UrlError> {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| UrlError::new("parameters of the form key=value after the ?"))?;
        let (key, written) = (decoded(key)?, value);
        let value = decoded(written)?;
        if self.tls.take(&key, &value)? {
            return Ok(());
        }
        match key.as_str() {
            known if PASSED_ON.contains(&known) => {
                self.passed_on.push(format!("{key}={written}"));
            }
            // libpq's name; tokio-postgres has another.
            "keepalives_count" => self.keepalives_retries = Some(number(&key, &value)?),
            // tokio-postgres would read seconds.
            "tcp_user_timeout" => {
                let milliseconds: u32 = number(&key, &value)?;
                self.tcp_user_timeout = Some(Duration::from_millis(milliseconds.into()));
            }
            "client_encoding"
                if ["utf8", "utf-8", "auto"].contains(&value.to_lowercase().as_str()) => {}
            "client_encoding" => return Err(UrlError::new("client_encoding=UTF8")),
            "gssencmode" if ["disable", "prefer"].contains(&value.as_str()) => {}
            "gssencmode" => return Err(UrlError::new("gssencmode to be disable or prefer")),
            "fallback_application_name" => {}
            _ => return Err(unknown(&key)),
        }
        Ok(())
    }

    /// Returns the settings of the driver for this address.
    pub(super) fn config(&self, address: &str) -> Result<Config, UrlError> {
        let url = format!("{address}?{}", self.passed_on.join("&"));
        let parsed: Result<Config, _> = url.parse();
        let mut config = parsed.map_err(|error| {
            let why = error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string);
            UrlError::new(format!("a valid URL of PostgreSQL: {why}"))
        })?;
        if config.get_hosts().is_empty() {
            // The certificate must name the address then.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        if config.get_hosts().is_empty() {
            return Err(UrlError::new("a host in the URL"));
        }
        self.set_keepalives(&mut config);
        self.set_connect_timeout(&mut config);
        Ok(config)
    }

    /// Leaves time for each of several hosts when the first ones swallow packets.
    fn set_connect_timeout(&self, config: &mut Config) {
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
        if hosts > 1 && !self.is_written("connect_timeout=") {
            config.connect_timeout(CONNECT_TIMEOUT / hosts);
        }
    }

    fn is_written(&self, key: &str) -> bool {
        self.passed_on.iter().any(|pair| pair.starts_with(key))
    }

    /// Sets what the operator has not set.
    fn set_keepalives(&self, config: &mut Config) {
        if !self.is_written("keepalives_idle=") {
            config.keepalives_idle(KEEPALIVE_IDLE);
        }
        if !self.is_written("keepalives_interval=") {
            config.keepalives_interval(KEEPALIVE_INTERVAL);
        }
        if !self.is_written("keepalives_retries=") {
            config.keepalives_retries(self.keepalives_retries.unwrap_or(KEEPALIVE_RETRIES));
        }
        match self.tcp_user_timeout {
            // The system's own limit.
            Some(Duration::ZERO) => {}
            limit => {
                config.tcp_user_timeout(limit.unwrap_or(TCP_USER_TIMEOUT));
            }
        }
    }
}

/// Returns the error for a parameter that nobody reads. Shows only what looks like a name: the rest
/// may be part of a password.
fn unknown(key: &str) -> UrlError {
    let is_name = key.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
    UrlError::new(if is_name {
        format!("no parameter {key}, which Parlor does not support")
    } else {
        "only parameters that Parlor supports after the ?".to_owned()
    })
}

fn number<N: std::str::FromStr>(key: &str, value: &str) -> Result<N, UrlError> {
    let parsed = value.parse();
    parsed.map_err(|_| UrlError::new(format!("{key} to be a whole number")))
}

fn decoded(text: &str) -> Result<String, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| UrlError::new("percent-encoded UTF-8 in the parameters"))?;
    Ok(decoded.into_owned())
}
