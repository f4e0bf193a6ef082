//! The part that all jobs of a `hello` share.

use crate::api::{Caller, ConnectionId, SessionId, Token, UserId, Welcome, is_blank};
use crate::presence::{Generation, OpenedConnection};
use storage::Database;

/// The connection and time of a `hello`, and the state of the store for its reply.
pub(crate) struct HelloContext {
    pub(crate) connection: ConnectionId,
    generation: Generation,
    /// The device name, if the client gave one.
    pub(crate) device: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    epoch: String,
    durability: &'static str,
}

/// A user who has been authenticated, and the session.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) token: Token,
    /// Whether the session existed before.
    pub(crate) resumed: bool,
    /// When the session's token expires, in milliseconds since 1970.
    pub(crate) expires_at: Option<i64>,
}

impl HelloContext {
    pub(crate) fn new(
        (connection, generation): (ConnectionId, Generation),
        device: Option<String>,
        now: i64,
        database: &Database,
    ) -> Self {
        let (epoch, durability) = (database.epoch(), database.durability());
        Self {
            connection,
            generation,
            device,
            now,
            epoch,
            durability,
        }
    }

    /// Returns the event data for the subscriber.
    pub(crate) fn opened_connection(&self, authenticated: &Authenticated) -> OpenedConnection {
        OpenedConnection {
            connection: self.connection,
            generation: self.generation,
            session: authenticated.caller.session,
            user: authenticated.caller.user.clone(),
            connected_at: self.now,
            token: authenticated
                .expires_at
                .is_some()
                .then(|| authenticated.token.clone()),
        }
    }

    /// Returns the reply to the client.
    pub(crate) fn welcome(&self, authenticated: Authenticated) -> Welcome {
        let Authenticated {
            caller,
            token,
            resumed,
            expires_at,
        } = authenticated;
        let epoch = self.epoch.clone();
        Welcome {
            caller,
            token,
            resumed,
            expires_at,
            epoch,
            durability: self.durability,
        }
    }

    /// Returns the device name of this `hello` if it differs from the known one.
    pub(crate) fn new_device(&self, known: Option<&str>) -> Option<&str> {
        self.device
            .as_deref()
            .filter(|device| Some(*device) != known)
    }

    /// Cleans a client-supplied device name: one line of at most 64 characters, or `None` if blank.
    pub(crate) fn clean_device(device: Option<String>) -> Option<String> {
        const CHARS_MAX: usize = 64;
        let device = device?;
        let line: String = device
            .chars()
            .filter(|c| !c.is_control())
            .take(CHARS_MAX)
            .collect();
        (!is_blank(&line)).then(|| line.trim().to_owned())
    }
}

impl Authenticated {
    pub(crate) fn session(&self) -> SessionId {
        self.caller.session
    }

    pub(crate) fn user(&self) -> UserId {
        self.caller.user.id
    }
}
