//! The pushes: frames that the server sends unasked.

use super::entry::EntryShape;
use super::shapes::{CardShape, MarkedShape, PreferencesShape, ProfileShape, UserShape};
use messaging::api::{Marked, MarkerMoved};
use rooms::api::{Card, Entry, PreferencesChanged, RoomKey, Seq};
use serde::Serialize;
use serde_json::value::RawValue;
use sessions::api::{PersonProfile, User};
use std::collections::BTreeMap;

/// The shape of every push: `{"ev","room"?,"d"}`.
#[derive(Debug, Serialize)]
pub(crate) struct Push<'a, D> {
    ev: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    d: D,
}

impl<'a, D: Serialize> Push<'a, D> {
    fn of_room(ev: &'a str, room: &'a RoomKey, d: D) -> Self {
        Self {
            ev,
            room: Some(&room.0),
            d,
        }
    }

    const fn of_none(ev: &'a str, d: D) -> Self {
        Self { ev, room: None, d }
    }
}

/// The `d` of a push without fields: `{}`.
#[derive(Debug, Serialize)]
pub(crate) struct EmptyPayload {}

pub(crate) fn entry<'a>(room: &'a RoomKey, entry: &'a Entry) -> Push<'a, EntryShape<'a>> {
    Push::of_room("entry", room, entry.into())
}

/// The `why` of a `room` push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoomPushReason {
    Joined,
    Invited,
    Dm,
    Role,
    Changed,
}

#[derive(Debug, Serialize)]
pub(crate) struct RoomPayload<'a> {
    card: CardShape<'a>,
    head: Seq,
    why: RoomPushReason,
    by: UserShape<'a>,
}

pub(crate) fn room<'a>(
    card: &'a Card,
    head: Seq,
    why: RoomPushReason,
    by: &'a User,
) -> Push<'a, RoomPayload<'a>> {
    let d = RoomPayload {
        card: card.into(),
        head,
        why,
        by: by.into(),
    };
    Push::of_room("room", &card.room.key, d)
}

#[derive(Debug, Serialize)]
pub(crate) struct GonePayload<'a> {
    why: &'static str,
    seq: Seq,
    by: UserShape<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

pub(crate) fn gone<'a>(
    room: &'a RoomKey,
    why: &'static str,
    seq: Seq,
    by: &'a User,
    reason: Option<&'a str>,
) -> Push<'a, GonePayload<'a>> {
    let d = GonePayload {
        why,
        seq,
        by: by.into(),
        reason,
    };
    Push::of_room("gone", room, d)
}

#[derive(Debug, Serialize)]
pub(crate) struct TypingPayload<'a> {
    user: UserShape<'a>,
    on: bool,
}

pub(crate) fn typing<'a>(
    room: &'a RoomKey,
    user: &'a User,
    on: bool,
) -> Push<'a, TypingPayload<'a>> {
    let user = user.into();
    Push::of_room("typing", room, TypingPayload { user, on })
}

#[derive(Debug, Serialize)]
pub(crate) struct PresencePayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<PresenceChange<'a>>>,
    online: usize,
}

#[derive(Debug, Serialize)]
struct PresenceChange<'a> {
    user: UserShape<'a>,
    state: &'static str,
}

/// `changes` is `None` for large rooms.
pub(crate) fn presence<'a>(
    room: &'a RoomKey,
    changes: Option<&'a [(User, bool)]>,
    online: usize,
) -> Push<'a, PresencePayload<'a>> {
    let change = |(user, online): &'a (User, bool)| PresenceChange {
        user: user.into(),
        state: if *online { "online" } else { "offline" },
    };
    let changes = changes.map(|changes| changes.iter().map(change).collect());
    Push::of_room("presence", room, PresencePayload { changes, online })
}

pub(crate) fn read(moved: &MarkerMoved) -> Push<'_, MarkedShape> {
    let marked = Marked {
        seq: moved.seq,
        unread: moved.unread,
        mentions: moved.mentions,
    };
    Push::of_room("read", &moved.room, marked.into())
}

pub(crate) fn prefs(changed: &PreferencesChanged) -> Push<'_, PreferencesShape> {
    Push::of_room("prefs", &changed.room, changed.preferences.into())
}

pub(crate) fn profile(person: &PersonProfile) -> Push<'_, ProfileShape<'_>> {
    Push::of_none("profile", person.into())
}

pub(crate) fn heads<'a>(heads: &'a BTreeMap<&'a str, Seq>) -> Push<'a, &'a BTreeMap<&'a str, Seq>> {
    Push::of_none("heads", heads)
}

#[derive(Debug, Serialize)]
pub(crate) struct GapPayload {
    from: Seq,
    to: Seq,
}

pub(crate) fn gap(room: &RoomKey, from: Seq, to: Seq) -> Push<'_, GapPayload> {
    Push::of_room("gap", room, GapPayload { from, to })
}

pub(crate) const fn resumed() -> Push<'static, EmptyPayload> {
    Push {
        ev: "resumed",
        room: None,
        d: EmptyPayload {},
    }
}

pub(crate) const fn ping() -> Push<'static, EmptyPayload> {
    Push {
        ev: "ping",
        room: None,
        d: EmptyPayload {},
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct AuthExpiringPayload {
    in_ms: u64,
}

pub(crate) fn auth_expiring(in_ms: u64) -> Push<'static, AuthExpiringPayload> {
    Push::of_none("auth_expiring", AuthExpiringPayload { in_ms })
}

/// What every client is notified of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    StorageUnavailable,
    StorageAvailable,
}

#[derive(Debug, Serialize)]
pub(crate) struct NoticePayload {
    name: &'static str,
    message: &'static str,
}

pub(crate) fn notice(notice: Notice) -> Push<'static, NoticePayload> {
    let (name, message) = match notice {
        Notice::StorageUnavailable => (
            "storage_unavailable",
            "Nothing can be sent or read at the moment. What was sent is safe.",
        ),
        Notice::StorageAvailable => ("storage_available", "Sending and reading work again."),
    };
    Push::of_none("notice", NoticePayload { name, message })
}

/// A push from outside the gateway, with a body of its own.
pub(crate) fn foreign<'a>(
    name: &'a str,
    room: Option<&'a RoomKey>,
    body: &'a RawValue,
) -> Push<'a, &'a RawValue> {
    match room {
        Some(room) => Push::of_room(name, room, body),
        None => Push::of_none(name, body),
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ByePayload {
    reason: &'static str,
    reconnect_after_ms: u64,
}

pub(crate) fn bye(reason: &'static str, reconnect_after_ms: u64) -> Push<'static, ByePayload> {
    let d = ByePayload {
        reason,
        reconnect_after_ms,
    };
    Push::of_none("bye", d)
}
