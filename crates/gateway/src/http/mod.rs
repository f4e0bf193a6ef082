//! The two HTTP listeners: the public one and the operator's.
//!
//! [`Listeners::bind`] takes the addresses before anything runs; [`Listeners::start`] serves them. An
//! admitted connection speaks HTTP/1.1 through tower layers and may be upgraded to a socket, which
//! [`crate::Gateway::serve`] then serves. Paths of others ([`HttpMount`]) are answered outside the gateway.
//! Nothing here decides what a command means.

mod accept;
mod admission;
mod allowed_origin;
mod api;
mod body;
mod client_address;
mod cors;
mod endpoint;
mod health;
mod host;
mod http1;
mod listeners;
mod mount;
mod operator;
mod origin;
mod pictures;
mod port_holder;
mod reject;
mod request_clock;
mod request_trace;
mod response;
mod routes;
mod sanitize;
mod stack;
mod starting;
mod stay_open;
mod unread_body;
mod upgrade;

pub use allowed_origin::{AllowedOrigin, OriginError};
pub use health::{Health, Status};
pub use listeners::{BindError, Listeners, Requests, Serving};
pub use mount::{
    HttpMount, MessageSocket, MountDoor, MountError, MountHandler, MountRequest, MountResponse,
    MountUpgrade, SocketEnded, SocketMessage,
};
pub use operator::OperatorView;
