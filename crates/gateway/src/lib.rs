//! HTTP and WebSocket: knows the wire protocol and no database.
//!
//! A frame becomes a typed command ([`wire`]), passes a stack of tower layers and goes to the crate
//! that answers it ([`Dispatcher`]). One hub on the bus delivers events to the sockets: a socket is
//! never a subscriber. Nothing here can hold a database connection, because nothing here can name one.

mod connection;
mod dispatch;
mod gateway;
mod http;
mod hub;
mod limits;
mod metrics;
mod rate_limit;
mod rejections;
mod settings;
mod shared;
mod socket;
pub mod wire;

pub use connection::{Peer, Stream};
pub use dispatch::{Body, Call, Dispatcher};
pub use gateway::Gateway;
pub use http::{BindError, Health, Listeners, Requests, Serving, Status};
pub use limits::{Limits, Points};
pub use metrics::{HistogramBucket, MetricsPage, MetricsSource, MetricsWriter};
pub use rate_limit::Bucket;
pub use settings::Settings;
