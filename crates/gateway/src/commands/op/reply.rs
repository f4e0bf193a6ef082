//! The result of a successful command.

use crate::commands::parts::Replay;
use crate::connection::Close;
use crate::wire::Error;
use bytes::Bytes;
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

impl CommandReply {
    /// Replies with this value's JSON.
    pub(in crate::commands) fn of(value: &impl serde::Serialize) -> Self {
        Self::Body(Body::of(value))
    }
}

/// The encoded `ok` object of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(pub Bytes);

impl Body {
    /// Encodes this value as JSON.
    #[must_use]
    pub fn of(value: &impl serde::Serialize) -> Self {
        Self(
            serde_json::to_vec(value)
                .expect("our own shapes are JSON")
                .into(),
        )
    }
}
