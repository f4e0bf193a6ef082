//! Parlor's WebSocket side: a stream of our own, one task per connection, one queue per socket.

mod bell;
mod clock;
mod conn;
mod drain;
mod egress;
mod flights;
mod flood;
mod frame;
mod linger;
mod parting;
mod peer;
mod reader;
mod registry;
mod scanner;
mod serve;
mod source;
mod stream;
mod task;

pub(crate) use conn::Conn;
pub(crate) use drain::{finish_commands, say_goodbye};
pub(crate) use egress::Class;
pub(crate) use frame::{Close, Frame};
pub use peer::Peer;
pub(crate) use registry::Registry;
pub(crate) use serve::serve;
pub use stream::Stream;
#[cfg(test)]
pub(crate) use stream::{flood_from, pair};
