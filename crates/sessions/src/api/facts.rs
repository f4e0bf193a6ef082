//! What sessions states.

use super::{SessionId, User, UserId};
use bus::Event;

/// People came or went, after all grace. Soft.
#[derive(Debug, Clone)]
pub struct PresenceChanged {
    /// Who, and whether they are online now.
    pub changes: Vec<(User, bool)>,
}

impl Event for PresenceChanged {
    const NAME: &'static str = "sessions.presence_changed";
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its own `logout`.
    Logout,
    /// `session.revoke` or a password change.
    Revoked,
    /// Unseen for too long, or its guest ended.
    Expired,
}

/// A session is over: its sockets close (1000 after its own logout, else 4502).
#[derive(Debug, Clone)]
pub struct SessionEnded {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub session: SessionId,
    /// Why.
    pub reason: EndReason,
}

impl Event for SessionEnded {
    const NAME: &'static str = "sessions.session_ended";
}

/// A guest has not been seen for too long: rooms takes it out of its rooms and then ends it with
/// [`super::directory::end_guest`].
#[derive(Debug, Clone)]
pub struct GuestExpired {
    /// Who.
    pub user: User,
}

impl Event for GuestExpired {
    const NAME: &'static str = "sessions.guest_expired";
}

/// These people are over, for good: guests that ended, accounts that were deleted. Whoever owns
/// something for them passes it on, and removes what only they needed. Stated of an account when it
/// is deleted.
#[derive(Debug, Clone)]
pub struct PeopleEnded {
    /// Who.
    pub users: Vec<UserId>,
}

impl Event for PeopleEnded {
    const NAME: &'static str = "sessions.people_ended";
}

/// The store is another one than before (restored, or promoted): what [`super::Hello`] said of its
/// epoch is void, and so is every cursor.
#[derive(Debug, Clone)]
pub struct EpochChanged {
    /// The new one.
    pub epoch: String,
}

impl Event for EpochChanged {
    const NAME: &'static str = "sessions.epoch_changed";
}

/// The database of the chat stopped answering, or answers again. While it is lost nothing can be
/// stored and little can be read; what was acknowledged before is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreReachable(
    /// Whether it answers.
    pub bool,
);

impl Event for StoreReachable {
    const NAME: &'static str = "sessions.store_reachable";
}
