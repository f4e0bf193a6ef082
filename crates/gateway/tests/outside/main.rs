//! What comes from outside the gateway: commands, HTTP, connections within the process and pushes, with a
//! real listener in front and stubs behind.

#![expect(clippy::unwrap_used, reason = "all of this crate is test code")]

mod client;
mod local;
mod mounts;
mod ops;
mod stage;
mod stopping;
