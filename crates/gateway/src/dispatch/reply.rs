//! What comes out of the stack.

use super::{Body, Replay};
use crate::connection::Close;
use crate::wire::Error;
use rooms::api::{RoomKey, Seq};
use sessions::api::Caller;

/// A command that was carried out.
pub(crate) enum CommandReply {
    /// The reply is still to be written.
    Body(Body),
    /// The hub has written it, in its place among the pushes.
    Sent,
    /// The same, and the connection has to catch up with this room from there.
    CatchUp(RoomKey, Seq),
    /// The same: the connection is somebody's now.
    Authenticated(Box<Authenticated>),
    /// The reply is still to be written, and then the socket closes.
    ThenClose(Result<Body, Error>, Close),
}

/// What a good `hello` leaves to the connection's task.
pub(crate) struct Authenticated {
    /// Who speaks through it from now on.
    pub(crate) caller: Caller,
    /// When it ends unless extended, ms since 1970.
    pub(crate) expires_at: Option<i64>,
    /// What has to be replayed.
    pub(crate) replay: Option<Replay>,
}
