//! The two listeners: the people's and the operator's.
//!
//! [`Listeners::bind`] takes the addresses before anything runs; [`Listeners::start`] serves them.
//! A connection is admitted, speaks HTTP/1.1 through tower's layers, and may become a socket, which
//! is [`crate::Gateway::serve`]'s from then on. Nothing here decides what a command means.

mod accept;
mod admission;
mod api;
mod assets;
mod body;
mod client_address;
mod endpoint;
mod health;
mod host;
mod http1;
mod listeners;
mod operator;
mod origin;
mod reject;
mod request_trace;
mod response;
mod routes;
mod sanitize;
mod stack;
mod upgrade;

pub use health::{Health, Status};
pub use listeners::{BindError, Listeners, Requests, Serving};
