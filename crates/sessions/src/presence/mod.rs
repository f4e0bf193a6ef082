//! Presence: who is connected, who counts as online, and until when.
//!
//! The connected marks in storage are the source of truth about sessions. The subscriber maintains
//! this copy from the events of its own jobs, in commit order, and adds what storage does not have:
//! which connections are open, and when grace periods end. When the subscriber is reloaded after a
//! failure, its connections are forgotten and the gateway closes them.

mod recently_closed;
mod table;

use crate::api::{ConnectionId, SessionId, Token, User};
use bus::Event;

pub(crate) use table::{DueSession, GracePeriods, Presence};

/// The number of a load of the subscriber. A `hello` that was asked before a reload belongs to a
/// connection that the gateway closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) u32);

impl Generation {
    pub(crate) const FIRST: Self = Self(0);
}

/// A connection that has said `hello`. It counts as open from the commit on.
#[derive(Debug, Clone)]
pub(crate) struct OpenedConnection {
    pub(crate) connection: ConnectionId,
    pub(crate) generation: Generation,
    pub(crate) session: SessionId,
    pub(crate) user: User,
    /// The session's mark in storage, in milliseconds since 1970.
    pub(crate) connected_at: i64,
    /// The token, for sessions that are extended on the same connection. Storage has only its hash.
    pub(crate) token: Option<Token>,
}

/// Connections were opened, in commit order.
#[derive(Debug)]
pub(crate) struct ConnectionsOpened(pub(crate) Vec<OpenedConnection>);

impl Event for ConnectionsOpened {
    const NAME: &'static str = "sessions.opened";
}

/// The connected marks of these sessions were cleared.
#[derive(Debug)]
pub(crate) struct SessionsDisconnected(pub(crate) Vec<SessionId>);

impl Event for SessionsDisconnected {
    const NAME: &'static str = "sessions.left";
}

/// The sessions marked as connected, as read from storage by a timer.
#[derive(Debug)]
pub(crate) struct ConnectedSessionsRead(pub(crate) Vec<ConnectedSession>);

impl Event for ConnectedSessionsRead {
    const NAME: &'static str = "sessions.counted";
}

/// A session marked as connected in storage.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedSession {
    pub(crate) session: SessionId,
    pub(crate) user: User,
    /// The mark: milliseconds since 1970.
    pub(crate) connected_at: i64,
}

/// Makes the subscriber check grace periods.
#[derive(Debug)]
pub(crate) struct Tick;

impl Event for Tick {
    const NAME: &'static str = "sessions.tick";
}
