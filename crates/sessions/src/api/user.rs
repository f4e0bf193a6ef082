//! Who someone is.

use super::{SessionId, UserId};
use std::sync::Arc;

/// A person as everyone sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// For ever.
    pub id: UserId,
    /// For now: names may change.
    pub name: Arc<str>,
    /// No account behind it.
    pub guest: bool,
}

/// Who is asking: goes with every command. Rights are read from storage, not from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user: User,
    /// The session it comes through.
    pub session: SessionId,
    /// Moderator of every public room.
    pub admin: bool,
}

/// 256 random bits in URL-safe base64; `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why sessions declines; the names are those of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400 `bad_request` with the field.
    BadRequest {
        /// Which field.
        field: &'static str,
        /// What is expected of it.
        expected: &'static str,
    },
    /// 401 `bad_credentials`.
    BadCredentials,
    /// 401 `bad_credentials` of a token that is unknown or ended: the connection closes 4502.
    TokenInvalid,
    /// 401 `token_expired`.
    TokenExpired,
    /// 403 `guests_off`.
    GuestsOff,
    /// 403 `forbidden`: registration is off or by invitation.
    Forbidden,
    /// 403 `not_allowed_for_guests`.
    NotAllowedForGuests,
    /// 403 `limit_reached`.
    LimitReached {
        /// Which limit.
        limit: &'static str,
    },
    /// 404 `no_such_user`, also for sessions that are not the caller's.
    NoSuchUser,
    /// 409 `name_taken`.
    NameTaken {
        /// A free name like it, if one was found.
        suggest: Option<String>,
    },
    /// 429 `rate_limited`: too many attempts on this name or from this network.
    RateLimited {
        /// When the next one is let through.
        retry_after_ms: u64,
    },
    /// 503 `overloaded`: too many passwords are being hashed.
    Overloaded {
        /// When there is room again, if those who wait now have had their turn.
        retry_after_ms: u64,
    },
}
