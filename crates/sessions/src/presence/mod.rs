//! Who is connected, who counts as online, and when that ends.
//!
//! What storage marks as connected is the truth about sessions; this is the picture of it that the
//! subscriber keeps from the facts of its own jobs, in the order in which they were committed. It
//! adds what storage does not know: which connections are open, and how long a grace still runs.
//! It outlives a rebuild of the subscriber, as sockets do.

mod recently_closed;
mod table;

use crate::api::{ConnectionId, SessionId, Token, User};
use bus::Event;

pub(crate) use table::{DueSession, GracePeriods, Presence};

/// A connection has said `hello`: from this commit on it counts as open.
#[derive(Debug, Clone)]
pub(crate) struct OpenedConnection {
    pub(crate) connection: ConnectionId,
    pub(crate) session: SessionId,
    pub(crate) user: User,
    /// The session's mark in storage.
    pub(crate) connected_at: i64,
    /// Of a session that must be extended on the same connection: only the client and this memory
    /// know it.
    pub(crate) token: Option<Token>,
}

/// Connections were opened, in this order.
#[derive(Debug)]
pub(crate) struct ConnectionsOpened(pub(crate) Vec<OpenedConnection>);

impl Event for ConnectionsOpened {
    const NAME: &'static str = "sessions.opened";
}

/// These sessions are no longer marked as connected.
#[derive(Debug)]
pub(crate) struct SessionsDisconnected(pub(crate) Vec<SessionId>);

impl Event for SessionsDisconnected {
    const NAME: &'static str = "sessions.left";
}

/// Who is marked as connected in storage, read beside the queue.
#[derive(Debug)]
pub(crate) struct ConnectedSessionsRead(pub(crate) Vec<ConnectedSession>);

impl Event for ConnectedSessionsRead {
    const NAME: &'static str = "sessions.counted";
}

/// A session that is marked as connected.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedSession {
    pub(crate) session: SessionId,
    pub(crate) user: User,
    pub(crate) connected_at: i64,
}

/// Time has passed.
#[derive(Debug)]
pub(crate) struct Tick;

impl Event for Tick {
    const NAME: &'static str = "sessions.tick";
}
