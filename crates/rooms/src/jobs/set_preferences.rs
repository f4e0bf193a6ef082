//! `room.prefs`: a member changes what they want of a room. No entry, since nobody else may know.

use super::{Outcome, refuse};
use crate::api::log;
use crate::api::{Preferences, PreferencesChanged, PreferencesSet, Refusal, RoomKey};
use crate::store::preferences;
use sessions::api::{ConnectionId, UserId};
use storage::prelude::*;

/// Changes a member's preferences; `None` leaves one as it is.
pub(crate) struct SetPreferencesJob {
    pub(crate) user: UserId,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) room: RoomKey,
    pub(crate) quiet_until: Option<i64>,
    pub(crate) favourite: Option<bool>,
    pub(crate) at: i64,
}

impl Job for SetPreferencesJob {
    const NAME: &'static str = "rooms.set_preferences";
    type Answer = PreferencesSet;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<PreferencesSet> {
        let standing = log::standing(tx, &self.room, self.user).await?;
        let room = standing.map_err(refuse)?.room;
        let before = preferences::of(tx, room.id, self.user).await?;
        let before = before.unwrap_or_default().at(self.at);
        let after = self.applied_to(before);
        if after == before {
            let preferences = before;
            return Ok(PreferencesSet {
                preferences,
                dup: true,
            });
        }
        preferences::set(tx, room.id, self.user, after).await?;
        tx.state(PreferencesChanged {
            user: self.user,
            room: self.room.clone(),
            preferences: after,
            by: self.connection,
        });
        Ok(PreferencesSet {
            preferences: after,
            dup: false,
        })
    }
}

impl SetPreferencesJob {
    fn applied_to(&self, before: Preferences) -> Preferences {
        let after = Preferences {
            quiet_until: self.quiet_until.unwrap_or(before.quiet_until),
            favourite: self.favourite.unwrap_or(before.favourite),
        };
        after.at(self.at)
    }
}
