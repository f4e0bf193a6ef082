//! The harness of the whole-system tests: the real binary in its own process, on SQLite or on a
//! real PostgreSQL, and clients that check every frame against the wire protocol.
//!
//! A test body gets a [`Store`], starts [`Server`]s on it and talks to them with [`Client`]s and
//! [`Api`] calls. Whatever the test is about, every client checks the contract: one reply per
//! command, pushes only of rooms it is subscribed to, each entry once and in order, the shapes of
//! replies and entries; and all clients of one store must agree on every `(room, seq)`. After the
//! body the harness stops the servers and checks that they ended cleanly.

mod api;
mod binary;
mod breakable_stream;
mod chaos;
mod chatter;
mod churn;
mod client;
mod collector;
mod contract;
mod crowd;
mod database;
mod drained;
mod failing_disk;
mod faults;
mod floods;
mod followed;
mod hostile;
mod http_connection;
mod jwt;
mod kills_followed;
mod launch;
mod ledger;
mod link;
mod process;
mod proxy;
mod raw;
mod refusal;
mod scrape;
mod second_database;
mod seen_entries;
mod server;
mod settings;
mod shape;
mod socketio;
mod standby;
mod starting;
mod store;

pub use api::{Answer, Api};
pub use binary::{companion, parlor, workspace};
pub use breakable_stream::BreakableStream;
pub use chaos::{KillReport, Plan, torture};
pub use churn::{Footprint, churn};
pub use client::{Client, Closed, LIMIT};
pub use collector::{Collected, Collector, Span};
pub use contract::{Contract, contract};
pub use crowd::CrowdReport;
pub use database::{Hold, Sql, Stored, snag, unsnag};
pub use drained::{Drained, drained};
pub use failing_disk::FailingDisk;
pub use faults::{
    Misbehaviour, Rank, Report, Size, TRIALS, Trial, beside_away, beside_hidden, beside_lost_later,
    black_hole, blocked_log, deaf, failed_sync, full_disk, half_open, hung, killed_connections,
    locked, misbehaving, no_descriptors, restarted, slow, stopped,
};
pub use floods::{FLOODS, Flood, FloodReport, Scale};
pub use followed::{Followed, followed_to_the_end, tallied};
pub use hostile::{COMPANIES, Company, Felt, HostileReport};
pub use http_connection::HttpConnection;
pub use jwt::{Algorithm, Claims, SECRET, sign, sign_with};
pub use kills_followed::{FollowedReport, kills_followed};
pub use link::Link;
pub use proxy::Proxy;
pub use raw::{Raw, Received};
pub use refusal::Refusal;
pub use scrape::{Family, Scrape};
pub use second_database::{HiddenDatabase, SecondDatabase, SilencedDatabase};
pub use server::{Dial, Exit, Server};
pub use settings::Settings;
pub use socketio::{
    ClientEnd, EngineClient, EngineEnd, EngineMode, SocketIoClient, SocketIoReport,
    kills_of_socketio,
};
pub use standby::Standby;
pub use starting::Starting;
pub use store::{Kind, Place, Store, judge, judge_at, judge_within};

/// Turns each `async fn name(store: Store) { … }` into two tests, `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($store: $crate::Store) $body

            $crate::on_one!(sqlite, Sqlite);
            $crate::on_one!(postgres, Postgres);
        }
    )+};
}

/// Like [`on_both`], for SQLite only: one test each, `name::sqlite`. For what is about SQLite, and for what is about
/// frames, sockets and proxies and the same above any store.
#[macro_export]
macro_rules! on_sqlite {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($store: $crate::Store) $body

            $crate::on_one!(sqlite, Sqlite);
        }
    )+};
}

/// Like [`on_both`], for PostgreSQL only: one test each, `name::postgres`.
#[macro_export]
macro_rules! on_postgres {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($store: $crate::Store) $body

            $crate::on_one!(postgres, Postgres);
        }
    )+};
}

/// Declares the test that runs `body` on one kind of database.
#[doc(hidden)]
#[macro_export]
macro_rules! on_one {
    ($test:ident, $kind:ident) => {
        #[test]
        fn $test() {
            let name = concat!(module_path!(), "::", stringify!($test));
            $crate::judge($crate::Kind::$kind, name, body);
        }
    };
}
