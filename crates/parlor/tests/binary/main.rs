//! The binary as an operator sees it: settings, HTTP listeners, start and stop.

#![expect(clippy::unwrap_used, reason = "all of this crate is test code")]

mod copying;
mod faces;
mod mistakes;
mod notified;
mod other_databases;
mod process;
mod service_links;
mod settings;
mod start;
mod stop;
