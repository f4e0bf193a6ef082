//! Engine.IO v4: sessions that outlive their connections, over long polling or a WebSocket.

mod engine_error;
mod engine_packet;
mod heartbeat;
mod outbox;
mod query;
mod session;
mod sessions;
mod transport;

pub(crate) use engine_error::EngineError;
pub(crate) use outbox::Outbox;
pub(crate) use query::{EngineQuery, TransportName};
pub(crate) use session::Session;
pub(crate) use sessions::{SessionRequest, Sessions};
pub(crate) use transport::{ClientSocket, Transport};
