//! What every `hello` has in common.

use crate::api::{Caller, ConnectionId, SessionId, Token, UserId, Welcome};
use crate::presence::OpenedConnection;
use storage::Database;

/// The connection that someone comes in through, and the moment.
pub(crate) struct HelloContext {
    pub(crate) connection: ConnectionId,
    pub(crate) device: Option<String>,
    pub(crate) now: i64,
    epoch: String,
    durability: &'static str,
}

/// Someone who has come in.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) token: Token,
    pub(crate) resumed: bool,
    pub(crate) expires_at: Option<i64>,
}

impl HelloContext {
    pub(crate) fn new(
        connection: ConnectionId,
        device: Option<String>,
        now: i64,
        database: &Database,
    ) -> Self {
        let (epoch, durability) = (database.epoch(), database.durability());
        Self {
            connection,
            device,
            now,
            epoch,
            durability,
        }
    }

    /// What the subscriber is told of it.
    pub(crate) fn opened_connection(&self, authenticated: &Authenticated) -> OpenedConnection {
        OpenedConnection {
            connection: self.connection,
            session: authenticated.caller.session,
            user: authenticated.caller.user.clone(),
            connected_at: self.now,
            token: authenticated
                .expires_at
                .is_some()
                .then(|| authenticated.token.clone()),
        }
    }

    /// What the asker is told of it.
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

    /// The device's new name, if this `hello` gives it one.
    pub(crate) fn new_device(&self, known: Option<&str>) -> Option<&str> {
        self.device
            .as_deref()
            .filter(|device| Some(*device) != known)
    }

    /// What goes into the list of devices: one short line, or nothing.
    pub(crate) fn clean_device(device: Option<String>) -> Option<String> {
        const CHARS_MAX: usize = 64;
        let device = device?;
        let line: String = device
            .chars()
            .filter(|c| !c.is_control())
            .take(CHARS_MAX)
            .collect();
        let line = line.trim();
        (!line.is_empty()).then(|| line.to_owned())
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
