//! HTTP and WebSocket: knows the wire protocol and no database.
//!
//! A frame becomes a command ([`commands`]: one file each), passes a stack of tower layers
//! ([`Dispatcher`]) and goes to the crate that answers it. One hub on the bus delivers events to the sockets: a socket is
//! never a subscriber. Nothing here can hold a database connection, because nothing here can name one.

pub mod commands;
mod connection;
mod dispatch;
mod foreign_pushes;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod gateway;
mod http;
mod hub;
mod limits;
mod local;
mod metrics;
mod rate_limit;
mod rejections;
mod settings;
mod shared;
mod socket;
pub mod wire;

pub use crate::settings::Settings;
pub use commands::{
    Body, ForeignCall, ForeignInput, ForeignOp, ForeignRefusal, InvalidField, OpError, Ops,
    ReadForeign,
};
pub use connection::{Peer, Stream};
pub use dispatch::{Call, Dispatcher};
pub use foreign_pushes::{ForeignPushError, ForeignPushTarget};
pub use gateway::Gateway;
pub use http::{
    AllowedOrigin, BindError, Health, HttpMount, Listeners, MessageSocket, MountDoor, MountError,
    MountHandler, MountRequest, MountResponse, MountUpgrade, OperatorView, OriginError, Requests,
    Serving, SocketEnded, SocketMessage, Status,
};
pub use limits::{Limits, Points};
pub use local::{
    LocalConnection, LocalMessage, LocalOpenError, LocalReceiver, LocalSendError, LocalSender,
};
pub use metrics::{HistogramBucket, MetricsPage, MetricsSource, MetricsWriter};
pub use rate_limit::{Bucket, Cost};
