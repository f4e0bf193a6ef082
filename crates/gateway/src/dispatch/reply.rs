//! The result of a successful command.

use super::{Body, Replay};
use crate::connection::Close;
use crate::wire::Error;
use rooms::api::{RoomKey, Seq};
use sessions::api::Caller;

/// The result of a successful command, and who replies to it.
pub(crate) enum CommandReply {
    /// The connection's task sends this reply.
    Body(Body),
    /// The hub has sent the reply, in order with the room's pushes.
    Sent,
    /// The hub has sent the reply; the connection has to catch up with this room from this cursor.
    CatchUp(RoomKey, Seq),
    /// The hub has sent the reply to `hello`; the connection belongs to a user now.
    Authenticated(Box<Authenticated>),
    /// The connection's task sends this reply and closes the socket.
    ThenClose(Result<Body, Error>, Close),
}

/// What the connection's task keeps of a successful `hello`.
pub(crate) struct Authenticated {
    /// The user and session of all further commands.
    pub(crate) caller: Caller,
    /// When the session expires unless extended, ms since 1970.
    pub(crate) expires_at: Option<i64>,
    /// The rooms to replay.
    pub(crate) replay: Option<Replay>,
}
