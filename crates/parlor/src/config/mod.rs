//! The configuration: a TOML file, overruled by the environment, overruled by flags.
//!
//! [`table`] is the one list of settings; parsing, `default-config` and the test that the docs
//! name every setting are driven by it. What is unknown, malformed or contradictory stops the boot
//! with one [`ConfigError`]: the key, what was given, what is expected.

mod access;
mod databases;
mod defaults;
#[cfg(test)]
mod documented;
mod error;
mod layer;
mod load;
mod networks;
mod setting;
mod table;
mod traces;
mod validate;
mod value;

pub(crate) use databases::DatabaseSettings;
pub(crate) use defaults::default_config;
pub(crate) use error::ConfigError;
pub(crate) use load::{Sources, load};
#[cfg(test)]
pub(crate) use traces::Ratio;
pub(crate) use traces::{Endpoint, SamplerName, TraceSettings};
pub(crate) use value::{LogFilter, LogFormat, Registration, Switch};

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where people connect.
    pub(crate) listen: SocketAddr,
    /// Where the operator looks.
    pub(crate) operator_listen: SocketAddr,
    /// Where an embedded database lives.
    pub(crate) data_dir: PathBuf,
    /// Which log lines are written, as a filter of `tracing-subscriber`.
    pub(crate) log: LogFilter,
    /// How they are written.
    pub(crate) log_format: LogFormat,
    /// Off: rates and connection counts are beyond reach.
    pub(crate) limits: Switch,
    /// The budget of a graceful stop.
    pub(crate) drain: Duration,
    /// The bus.
    pub(crate) bus: bus::Settings,
    /// Listeners and sockets.
    pub(crate) gateway: gateway::Settings,
    /// Guests, accounts, identities; without what the fields below become in [`Config::sessions`].
    sessions: sessions::Settings,
    registration: Registration,
    invite_code: Option<String>,
    jwt_secret: Option<String>,
    jwt_issuer: Option<String>,
    jwt_audience: Option<String>,
    /// Rooms.
    pub(crate) rooms: rooms::Settings,
    /// Messages.
    pub(crate) messaging: messaging::Settings,
    /// Where spans go.
    pub(crate) traces: TraceSettings,
    /// The named databases, `core` first.
    pub(crate) databases: Vec<DatabaseSettings>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            operator_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            data_dir: PathBuf::from("data"),
            log: LogFilter("info".to_owned()),
            log_format: LogFormat::Auto,
            limits: Switch::On,
            drain: Duration::from_secs(10),
            bus: bus::Settings::default(),
            gateway: gateway::Settings::default(),
            sessions: sessions::Settings::default(),
            registration: Registration::Open,
            invite_code: None,
            jwt_secret: None,
            jwt_issuer: None,
            jwt_audience: None,
            rooms: rooms::Settings::default(),
            messaging: messaging::Settings::default(),
            traces: TraceSettings::default(),
            databases: vec![DatabaseSettings::new("core")],
        }
    }
}
