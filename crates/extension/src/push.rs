//! Pushes to clients.

use rooms::api::RoomKey;
use serde_json::value::RawValue;
use sessions::api::UserId;

/// Who gets a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTarget {
    /// All connections of a person.
    User(UserId),
    /// All connections that are subscribed to a room.
    Room(RoomKey),
}

/// Why a push was not sent to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// It is larger than a push may be.
    #[error("the push has {bytes} bytes, and at most {most} are allowed")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// The size allowed.
        most: usize,
    },
    /// Too many are waiting to be sent.
    #[error("too many pushes are waiting to be sent")]
    Overloaded,
    /// Its name is no name of a push.
    #[error("{0:?} is not the name of a push: use a-z, 0-9, _ and dots")]
    Name(String),
    /// It cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    NotJson(String),
}

/// Sends pushes: the server's side of [`Cx::push`](crate::Cx::push).
pub trait Push: Send + Sync + 'static {
    /// Queues a push for whoever it is for. Never waits.
    fn push(&self, to: PushTarget, name: &str, body: Box<RawValue>) -> Result<(), PushError>;
}
