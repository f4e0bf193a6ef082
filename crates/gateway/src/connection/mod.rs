//! One client connection: what carries its bytes, its outgoing queue, and the open sockets.
//!
//! The task that drives a socket, the hub and the commands share these types, which know nothing of
//! what a frame means.

mod close;
mod conn;
mod egress;
mod fanout_writers;
mod foreign_sockets;
mod frame;
mod lingering_close;
mod open_sockets;
mod peer;
mod pipe;
mod stream;
mod transport;
mod wakeup;

pub(crate) use close::Close;
pub(crate) use conn::Conn;
pub(crate) use egress::FrameClass;
pub(crate) use fanout_writers::FanoutWriters;
pub(crate) use foreign_sockets::ForeignSockets;
pub(crate) use frame::Frame;
pub(crate) use open_sockets::OpenSockets;
pub use peer::Peer;
pub(crate) use pipe::{ClientEnd, ClientWriter, pipe};
pub use stream::Stream;
#[cfg(test)]
pub(crate) use stream::flood_from;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use stream::pair;
pub(crate) use transport::Transport;
