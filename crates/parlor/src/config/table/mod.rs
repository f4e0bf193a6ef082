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

/// The server's settings, in groups that belong together.
pub(crate) fn groups() -> Vec<(&'static str, Vec<Setting<Config>>)> {
    vec![
        ("Server", server::rows()),
        ("People", access::rows()),
        ("Connections and HTTP", gateway::listeners()),
        ("Limits of one client", limits::rows()),
        ("Quotas of one person", quotas::rows()),
        ("Inside", capacity::rows()),
        ("Traces", traces::rows()),
    ]
}

/// The server's settings.
pub(crate) fn server() -> Vec<Setting<Config>> {
    groups().into_iter().flat_map(|(_, rows)| rows).collect()
}

/// Names the type for the closures of the rows.
fn of(config: &mut Config) -> &mut Config {
    config
}

fn limits(config: &mut Config) -> &mut ::gateway::Limits {
    &mut config.gateway.limits
}
