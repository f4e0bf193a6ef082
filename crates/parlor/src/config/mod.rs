//! The configuration: a TOML file, overridden by the environment, overridden by flags.
//!
//! [`table`] is the one list of settings, from which parsing, `default-config` and the test of
//! `docs/configuration.md` are driven: each crate declares its own rows, and each extension its table.
//! An unknown, malformed or contradictory setting stops the start with one [`ConfigError`]: the key,
//! the value and what is expected.

mod declared;
mod defaults;
#[cfg(test)]
mod documented;
mod error;
#[cfg(test)]
mod extended;
mod extensions;
mod layer;
mod load;
mod places;
mod scaled;
mod service_links;
mod suggestion;
mod table;
mod toml_file;
mod traces;
mod validate;
mod value;

#[cfg(test)]
pub(crate) use declared::Declared;
pub(crate) use declared::{DeclarationError, declared};
pub(crate) use defaults::default_config;
pub(crate) use error::{ConfigError, FileError, SettingsError};
pub(crate) use extensions::{ConfiguredExtension, ExtensionState};
pub(crate) use load::{Sources, load};
#[cfg(test)]
pub(crate) use traces::Ratio;
pub(crate) use traces::{Endpoint, SamplerName, TraceSettings};
pub(crate) use value::{LogFilter, LogFormat};

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use storage::DatabaseSettings;

/// All settings of the server.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Address of the public listener.
    pub(crate) listen: SocketAddr,
    /// Address of the operator's listener.
    pub(crate) operator_listen: SocketAddr,
    /// Directory of the embedded databases.
    pub(crate) data_dir: PathBuf,
    /// Which log lines are written, as a filter of `tracing-subscriber`.
    pub(crate) log: LogFilter,
    /// Format of the log lines.
    pub(crate) log_format: LogFormat,
    /// False lifts rate limits and connection limits, for load tests.
    pub(crate) limits: bool,
    /// Time budget of a graceful stop.
    pub(crate) drain: Duration,
    /// Settings of the bus.
    pub(crate) bus: bus::Settings,
    /// Settings of listeners and sockets; [`Config::gateway`] scales them.
    pub(crate) gateway: gateway::Settings,
    /// Settings of sessions; [`Config::sessions`] scales them.
    sessions: sessions::Settings,
    /// Settings of the rooms.
    pub(crate) rooms: rooms::Settings,
    /// Settings of messages and reactions.
    pub(crate) messaging: messaging::Settings,
    /// Settings of the OpenTelemetry export.
    pub(crate) traces: TraceSettings,
    /// The named databases that the server uses, `core` first.
    pub(crate) databases: Vec<DatabaseSettings>,
    /// The extensions of this server, in their order.
    pub(crate) extensions: Vec<ConfiguredExtension>,
    /// Variables that were ignored because they describe a service of Kubernetes or Docker.
    pub(crate) service_links: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            operator_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            data_dir: PathBuf::from("data"),
            log: LogFilter("info".to_owned()),
            log_format: LogFormat::Auto,
            limits: true,
            drain: Duration::from_secs(10),
            bus: bus::Settings::default(),
            gateway: gateway::Settings::default(),
            sessions: sessions::Settings::default(),
            rooms: rooms::Settings::default(),
            messaging: messaging::Settings::default(),
            traces: TraceSettings::default(),
            databases: vec![DatabaseSettings::new("core")],
            extensions: Vec::new(),
            service_links: Vec::new(),
        }
    }
}
