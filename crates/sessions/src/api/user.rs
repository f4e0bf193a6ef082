//! Users, callers, tokens and refusals.

use super::{SessionId, UserId};
use std::sync::Arc;

/// A user as everyone sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The permanent id, never reused.
    pub id: UserId,
    /// The current name; names may change.
    pub name: Arc<str>,
    /// Whether this is a guest, without an account.
    pub guest: bool,
}

/// The user and session behind a command. Permissions are read from storage, not from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The authenticated user.
    pub user: User,
    /// The session of the command; [`SessionId::NONE`] for an account of the server's own
    /// ([`super::OpenServiceAccount`]).
    pub session: SessionId,
    /// Whether the user was a server administrator when the session was authenticated.
    pub admin: bool,
}

/// A session token: 256 random bits in URL-safe base64. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why sessions refuses a request, with the protocol's error names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400 `bad_request` with the field.
    BadRequest {
        /// The field's name in the protocol.
        field: &'static str,
        /// What the field must be, for people.
        expected: &'static str,
    },
    /// 400 `bad_text`: a text breaks its rule.
    BadText {
        /// The field's name in the protocol.
        field: &'static str,
        /// What is wrong with the text, for people.
        why: &'static str,
    },
    /// 401 `bad_credentials`: a wrong name, password or identity.
    BadCredentials,
    /// 401 `bad_credentials`: the token is unknown or ended. The connection closes with 4502.
    TokenInvalid,
    /// 401 `token_expired`: the identity or the session's lifetime is over.
    TokenExpired,
    /// 403 `guests_off`: guests are not allowed on this server.
    GuestsOff,
    /// 403 `forbidden`: registration is closed, or the invite code is wrong.
    Forbidden,
    /// 403 `not_allowed_for_guests`: only accounts may do this.
    NotAllowedForGuests,
    /// 403 `limit_reached`: a setting's limit is reached.
    LimitReached {
        /// The name of the setting.
        limit: &'static str,
    },
    /// 404 `no_such_user`, also for sessions that are not the caller's.
    NoSuchUser,
    /// 409 `name_taken`: another user has this name or one that looks alike.
    NameTaken {
        /// A similar free name, if one was found.
        suggest: Option<String>,
    },
    /// 429 `rate_limited`: too many attempts on this name or from this network.
    RateLimited {
        /// Milliseconds until the next attempt is allowed.
        retry_after_ms: u64,
    },
    /// 503 `overloaded`: too many passwords are being hashed.
    Overloaded {
        /// Milliseconds until those waiting now are probably done.
        retry_after_ms: u64,
    },
}
