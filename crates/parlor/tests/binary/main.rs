//! The binary as an operator meets it: its settings, its faces over HTTP, its start and its stop.

#![expect(clippy::unwrap_used, reason = "all of this crate is test code")]

mod faces;
mod notified;
mod process;
mod settings;
mod start;
mod stop;
