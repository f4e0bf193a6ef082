//! What a member wants of a room, for themselves alone.

use super::{Refusal, RoomKey};
use bus::{Event, Request};
use sessions::api::{Caller, ConnectionId, UserId};

/// A member's preferences in one room. They change nothing that the server sends or counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Until when the member wants no notice of the room, ms since 1970; may have passed.
    pub quiet_until: i64,
    /// Whether the room is one of the member's favourites.
    pub favourite: bool,
}

impl Preferences {
    /// Returns these preferences as they count at `now`: a time that has passed counts as none.
    #[must_use]
    pub fn at(self, now: i64) -> Self {
        let quiet_until = if self.quiet_until > now {
            self.quiet_until
        } else {
            0
        };
        Self {
            quiet_until,
            ..self
        }
    }
}

/// `room.prefs`: changes what the caller, a member, wants of a room. Ordered. `None` leaves a
/// preference as it is.
pub struct SetPreferences {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The connection that asks and gets the reply; `None` over HTTP.
    pub connection: Option<ConnectionId>,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// Until when the caller wants no notice, ms since 1970; a time that has passed ends it.
    pub quiet_until: Option<i64>,
    /// Whether the room is a favourite.
    pub favourite: Option<bool>,
}

impl Request for SetPreferences {
    const NAME: &'static str = "rooms.set_preferences";
    type Answer = Result<PreferencesSet, Refusal>;
}

/// The caller's preferences after the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreferencesSet {
    /// All preferences in this room.
    pub preferences: Preferences,
    /// True if they were so already.
    pub dup: bool,
}

/// A member changed what they want of a room; published for the member's other connections.
#[derive(Debug, Clone)]
pub struct PreferencesChanged {
    /// The member, who alone may know.
    pub user: UserId,
    /// The room's key.
    pub room: RoomKey,
    /// All preferences in this room.
    pub preferences: Preferences,
    /// The connection that asked and gets the reply; `None` over HTTP.
    pub by: Option<ConnectionId>,
}

impl Event for PreferencesChanged {
    const NAME: &'static str = "rooms.preferences_changed";
}
