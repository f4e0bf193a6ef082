//! A whole server in a test, with extensions and real sockets.
//!
//! ```no_run
//! # use parlor::testing::TestServer;
//! # use parlor::prelude::Extension;
//! # use serde_json::json;
//! # fn extension() -> Extension { Extension::new("karma") }
//! # #[tokio::main]
//! # async fn main() {
//! let mut server = TestServer::start(extension).await;
//! let mut alice = server.guest("alice").await;
//! alice.say("general", "hello").await;
//! server.caught_up("karma").await;
//! let top = alice.ok("x.karma.top", json!({})).await;
//! # drop(top);
//! # }
//! ```
//!
//! The server runs in a runtime of its own, so that it can be killed ([`TestServer::kill`]) and
//! started again on the same store. It uses SQLite in a temporary folder, or, with
//! `PARLOR_TEST_STORE=postgres`, a PostgreSQL server that the test starts, if this machine has one
//! installed.

mod client;
mod law;
mod server;
mod snapshot;

pub use client::Client;
pub use law::LawOfSnapshots;
pub use server::TestServer;
pub use snapshot::Snapshot;
