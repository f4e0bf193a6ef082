//! The settings of the server: its own rows, and those that each crate declares.

mod server;
pub(crate) mod traces;

use super::Config;
use settings::{Setting, Table, group};

/// The sections of `default-config` and `docs/configuration.md`, in their order.
const SECTIONS: [&str; 7] = [
    "Server",
    "People",
    "Connections and HTTP",
    "Limits of one client",
    "Quotas of one person",
    "Capacity",
    "Traces",
];

/// Returns the server's settings in titled sections.
pub(crate) fn sections() -> Vec<(&'static str, Vec<Setting<Config>>)> {
    let mut sections: Vec<_> = SECTIONS.map(|title| (title, Vec::new())).into();
    for row in server() {
        let title = row.description().section;
        let section = sections.iter_mut().find(|(known, _)| *known == title);
        let (_, rows) = section.expect("SECTIONS has all titles of crates");
        rows.push(row);
    }
    sections
}

/// Returns all settings of the server.
pub(crate) fn server() -> Vec<Setting<Config>> {
    let mut rows = group("Server", server::rows());
    rows.extend(within(|c| &mut c.sessions));
    rows.extend(within(|c| &mut c.rooms));
    rows.extend(within(|c| &mut c.gateway));
    rows.extend(within(|c| &mut c.messaging));
    rows.extend(within(|c| &mut c.bus));
    rows.extend(group("Traces", traces::rows()));
    rows
}

/// Returns a crate's rows as rows of the whole.
fn within<C: Table>(part: fn(&mut Config) -> &mut C) -> impl Iterator<Item = Setting<Config>> {
    C::rows().into_iter().map(move |row| row.within(part))
}

/// Fixes the argument type of the closures in the rows.
fn of(config: &mut Config) -> &mut Config {
    config
}
