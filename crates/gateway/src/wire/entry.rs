//! The wire shape of an entry.

use super::shapes::{UserShape, history, kind, role, users};
use super::time::Time;
use rooms::api::{Change, Entry, Seq};
use serde::Serialize;

/// The shape `{"seq","kind","id","author","at", …}`.
#[derive(Debug, Serialize)]
pub(crate) struct EntryShape<'a> {
    seq: Seq,
    kind: &'static str,
    id: String,
    author: UserShape<'a>,
    at: Time,
    #[serde(flatten)]
    change: ChangeShape<'a>,
}

/// The fields that depend on an entry's kind; each kind fills its own.
#[derive(Debug, Default, Serialize)]
struct ChangeShape<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<UserShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<RoomInfoShape<'a>>,
}

/// A room's settings after a `room` entry.
#[derive(Debug, Serialize)]
struct RoomInfoShape<'a> {
    title: &'a str,
    topic: &'a str,
    kind: &'static str,
    history: &'static str,
}

impl<'a> From<&'a Entry> for EntryShape<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (kind, change) = change(&entry.change);
        Self {
            seq: entry.seq,
            kind,
            id: entry.id(),
            author: (&entry.author).into(),
            at: Time(entry.at),
            change,
        }
    }
}

fn change(change: &Change) -> (&'static str, ChangeShape<'_>) {
    let mut shape = ChangeShape::default();
    let kind = match change {
        Change::Message {
            cid,
            body,
            reply_to,
            mentions,
        } => {
            shape.cid = Some(cid);
            shape.body = body.as_deref();
            shape.deleted = body.is_none().then_some(true);
            shape.reply_to = *reply_to;
            shape.mentions = users(mentions);
            "message"
        }
        Change::Edited { target, body } => {
            shape.target = Some(*target);
            shape.body = body.as_deref();
            "edited"
        }
        Change::Deleted { target } => {
            shape.target = Some(*target);
            "deleted"
        }
        Change::Reaction { target, emoji, on } => {
            shape.target = Some(*target);
            shape.emoji = Some(emoji);
            shape.on = Some(*on);
            "reaction"
        }
        Change::Room {
            title,
            topic,
            history: far,
            kind: of,
        } => {
            shape.room = Some(RoomInfoShape {
                title,
                topic,
                kind: kind(*of),
                history: history(*far),
            });
            "room"
        }
        Change::Joined => "joined",
        Change::Left => "left",
        moderated => return moderation_change(moderated),
    };
    (kind, shape)
}

/// Returns the kind and fields of a change that names a person.
fn moderation_change(change: &Change) -> (&'static str, ChangeShape<'_>) {
    let mut shape = ChangeShape::default();
    let (kind, user, reason) = match change {
        Change::Invited { user, reason } => ("invited", user, reason),
        Change::Kicked { user, reason } => ("kicked", user, reason),
        Change::Banned { user, reason } => ("banned", user, reason),
        Change::Unbanned { user, reason } => ("unbanned", user, reason),
        Change::Unmuted { user, reason } => ("unmuted", user, reason),
        Change::Muted {
            user,
            until_ms,
            reason,
        } => {
            shape.until_ms = Some(*until_ms);
            ("muted", user, reason)
        }
        Change::Role {
            user,
            role: now,
            reason,
        } => {
            shape.role = Some(role(*now));
            ("role", user, reason)
        }
        Change::Message { .. }
        | Change::Edited { .. }
        | Change::Deleted { .. }
        | Change::Reaction { .. }
        | Change::Joined
        | Change::Left
        | Change::Room { .. } => unreachable!("these changes name no person"),
    };
    shape.user = Some(user.into());
    shape.reason = reason.as_deref();
    (kind, shape)
}
