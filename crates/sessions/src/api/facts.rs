//! The events of sessions.

use super::{ConnectionId, SessionId, User, UserId};
use bus::Event;

/// Users came online or went offline, grace periods included. May be lost in a crash.
#[derive(Debug, Clone)]
pub struct PresenceChanged {
    /// The users, and whether each is online now.
    pub changes: Vec<(User, bool)>,
}

impl Event for PresenceChanged {
    const NAME: &'static str = "sessions.presence_changed";
}

/// Sessions has loaded its state, at the start or after a failure: exactly these users are online.
/// [`PresenceChanged`] goes on from here.
#[derive(Debug, Clone)]
pub struct PresenceLoaded {
    /// All users who are online now.
    pub online: Vec<UserId>,
    /// Sessions no longer knows any connection opened before: the gateway closes them, and their
    /// clients say hello again.
    pub connections_forgotten: bool,
}

impl Event for PresenceLoaded {
    const NAME: &'static str = "sessions.presence_loaded";
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The session's own `logout`.
    Logout,
    /// `session.revoke` or a password change.
    Revoked,
    /// It went unseen for too long, or its guest ended.
    Expired,
}

/// A session ended. Its sockets close, with 1000 after its own logout, else with 4502.
#[derive(Debug, Clone)]
pub struct SessionEnded {
    /// The session's user.
    pub user: UserId,
    /// The session that ended.
    pub session: SessionId,
    /// The reason, which decides the close code.
    pub reason: EndReason,
}

impl Event for SessionEnded {
    const NAME: &'static str = "sessions.session_ended";
}

/// A user got another name from the identity provider, or became an account. Everyone else may take the
/// old name from now on, so whatever still speaks for the user under it must stop.
#[derive(Debug, Clone)]
pub struct UserRenamed {
    /// The user as of now.
    pub user: User,
    /// The connection whose `hello` brought the new name; `None` if it came over HTTP.
    pub by: Option<ConnectionId>,
}

impl Event for UserRenamed {
    const NAME: &'static str = "sessions.user_renamed";
}

/// These guests have become accounts. Published when one does, and at each start for the latest ones, which
/// makes up for events lost in a crash.
#[derive(Debug, Clone)]
pub struct GuestsUpgraded {
    /// At most [`PeopleEnded::MAX`].
    pub users: Vec<UserId>,
}

impl Event for GuestsUpgraded {
    const NAME: &'static str = "sessions.guests_upgraded";
}

/// A guest went unseen for too long. Rooms removes it from its rooms and then ends it with
/// [`super::directory::end_guest`].
#[derive(Debug, Clone)]
pub struct GuestExpired {
    /// The guest, not ended yet.
    pub user: User,
}

impl Event for GuestExpired {
    const NAME: &'static str = "sessions.guest_expired";
}

/// These users have ended for good: guests that expired, accounts that were deleted. Crates that
/// keep something for them hand it over or remove it. Published when an account is deleted, and
/// once a day for every ended user whose row still exists, which makes up for events lost in a
/// crash.
#[derive(Debug, Clone)]
pub struct PeopleEnded {
    /// At most [`PeopleEnded::MAX`].
    pub users: Vec<UserId>,
}

impl PeopleEnded {
    /// The most users in one event.
    pub const MAX: usize = 200;
}

impl Event for PeopleEnded {
    const NAME: &'static str = "sessions.people_ended";
}

/// These users may be removed if nothing refers to them. They have ended, or they come from an
/// identity provider, have no session and went unseen for a session's lifetime; a new identity
/// creates them again. The crate that knows the log calls [`super::directory::forget`] or
/// [`super::directory::forget_unseen`]. Published when a user ends, and once a day like
/// [`PeopleEnded`].
#[derive(Debug, Clone)]
pub struct PeopleForgettable {
    /// At most [`PeopleEnded::MAX`].
    pub users: Vec<UserId>,
    /// For users who have not ended: they were last seen before this, in milliseconds since 1970.
    pub unseen_before: Option<i64>,
}

impl Event for PeopleForgettable {
    const NAME: &'static str = "sessions.people_forgettable";
}

/// The store was replaced (restored or promoted): the epoch in [`super::Welcome`] is no longer
/// valid, and neither is any cursor.
#[derive(Debug, Clone)]
pub struct EpochChanged {
    /// The new epoch.
    pub epoch: String,
}

impl Event for EpochChanged {
    const NAME: &'static str = "sessions.epoch_changed";
}

/// The core database stopped or resumed answering. Meanwhile nothing can be stored and little can
/// be read; what was acknowledged before is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreReachable(
    /// Whether it answers now.
    pub bool,
);

impl Event for StoreReachable {
    const NAME: &'static str = "sessions.store_reachable";
}
