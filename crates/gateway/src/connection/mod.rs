//! One client connection: its TCP stream, its outgoing queue, and the registry of open sockets.
//!
//! The task that drives a socket, the hub and the commands share these types, which know nothing of
//! what a frame means.

mod close;
mod conn;
mod egress;
mod frame;
mod lingering_close;
mod peer;
mod registry;
mod stream;
mod wakeup;

pub(crate) use close::Close;
pub(crate) use conn::Conn;
pub(crate) use egress::FrameClass;
pub(crate) use frame::Frame;
pub use peer::Peer;
pub(crate) use registry::Registry;
pub use stream::Stream;
#[cfg(test)]
pub(crate) use stream::flood_from;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use stream::pair;
