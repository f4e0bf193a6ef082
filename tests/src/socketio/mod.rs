//! Clients of the Socket.IO door.

mod engine_client;
mod kills;
mod socketio_client;
mod talker;

pub use engine_client::{EngineClient, EngineEnd, EngineMode};
pub use kills::{SocketIoReport, kills_of_socketio};
pub use socketio_client::{ClientEnd, SocketIoClient};
