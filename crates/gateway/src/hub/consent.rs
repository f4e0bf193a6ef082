//! Whether both people of a direct room have agreed to it. Until then the invited one shows the opener
//! neither presence nor typing.

use super::Hub;
use super::room::Room;
use bus::{Context, Handles};
use rooms::api::{Change, DirectAnswered, Entry, Kind, Membership, RoomInfo, RoomKey};
use sessions::api::UserId;
use std::sync::Arc;

/// Whether the second person of a direct room has answered. `Given` is final.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum DirectConsent {
    /// Nothing is known, so nothing is hidden.
    #[default]
    Unknown,
    /// This person has not answered yet.
    Pending(UserId),
    Given,
}

impl Handles<DirectAnswered> for Hub {
    fn handle(&mut self, answered: &Arc<DirectAnswered>, _: &mut Context) {
        let room = self.rooms.get_mut(&answered.room);
        if room.is_some_and(|room| room.consented(answered.user)) {
            self.reveal(&answered.room, answered.user);
        }
    }
}

impl Hub {
    /// Learns from an entry of a direct room who still has to answer, or has answered.
    pub(super) fn update_consent(&mut self, info: &RoomInfo, entry: &Entry) {
        if info.kind != Kind::Direct {
            return;
        }
        let Some(room) = self.rooms.get_mut(&info.key) else {
            return;
        };
        match entry.change {
            // Entry 1 is the opener's own join; people join again by their own choice.
            Change::Joined if entry.seq == 2 => room.await_consent_of(entry.author.id),
            Change::Joined | Change::Message { .. } | Change::Reaction { .. }
                if room.consented(entry.author.id) =>
            {
                self.reveal(&info.key, entry.author.id);
            }
            _ => {}
        }
    }

    /// Pushes the presence that was hidden so far.
    fn reveal(&mut self, key: &RoomKey, user: UserId) {
        let online = self.shared.online.read().contains(user);
        let user = self.people.get(&user).map(|person| person.user.clone());
        if let (Some(user), true) = (user, online) {
            self.note_presence(key, &user, true);
        }
    }
}

impl Room {
    /// Returns whether this person's presence and typing are hidden here.
    pub(super) fn hides_presence_of(&self, user: UserId) -> bool {
        self.consent == DirectConsent::Pending(user)
    }

    /// Learns from a membership that was read, unless the hub has seen a later entry.
    pub(super) fn learn_consent(&mut self, membership: &Membership) {
        let is_old = self.next.is_some_and(|next| next > membership.head + 1);
        if !membership.answered && !is_old {
            self.await_consent_of(membership.user);
        }
    }

    fn await_consent_of(&mut self, user: UserId) {
        if self.consent == DirectConsent::Unknown {
            self.consent = DirectConsent::Pending(user);
        }
    }

    /// Notes this person's answer; returns whether it was pending.
    fn consented(&mut self, user: UserId) -> bool {
        let awaited = self.hides_presence_of(user);
        if awaited {
            self.consent = DirectConsent::Given;
        }
        awaited
    }
}
