//! The one list of settings.

mod access;
mod capacity;
mod gateway;
mod limits;
mod quotas;
mod server;
pub(crate) mod traces;

use super::Config;
use super::setting::Setting;

/// Returns the server's settings in titled groups.
pub(crate) fn groups() -> Vec<(&'static str, Vec<Setting<Config>>)> {
    vec![
        ("Server", server::rows()),
        ("People", access::rows()),
        ("Connections and HTTP", gateway::listeners()),
        ("Limits of one client", limits::rows()),
        ("Quotas of one person", quotas::rows()),
        ("Capacity", capacity::rows()),
        ("Traces", traces::rows()),
    ]
}

/// Returns all settings of the server.
pub(crate) fn server() -> Vec<Setting<Config>> {
    groups().into_iter().flat_map(|(_, rows)| rows).collect()
}

/// Fixes the argument type of the closures in the rows.
fn of(config: &mut Config) -> &mut Config {
    config
}

fn limits(config: &mut Config) -> &mut ::gateway::Limits {
    &mut config.gateway.limits
}
