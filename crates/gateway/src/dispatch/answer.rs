//! What comes out of the stack.

use super::{Body, Replay};
use crate::connection::Close;
use crate::wire::Error;
use rooms::api::{RoomKey, Seq};
use sessions::api::Caller;

/// A command that was carried out.
pub(crate) enum Answer {
    /// The reply is still to be written.
    Body(Body),
    /// The hub has written it, in its place among the pushes.
    Written,
    /// The same, and the connection has to catch up with this room from there.
    Behind(RoomKey, Seq),
    /// The same: the connection is somebody's now.
    Opened(Box<Opened>),
    /// The reply is still to be written, and then the socket closes.
    Last(Result<Body, Error>, Close),
}

/// What a good `hello` leaves to the connection's task.
pub(crate) struct Opened {
    /// Who speaks through it from now on.
    pub(crate) caller: Caller,
    /// When it ends unless extended, ms since 1970.
    pub(crate) expires_at: Option<i64>,
    /// What has to be replayed.
    pub(crate) replay: Option<Replay>,
}
