//! Converting entries to table columns and back.

use super::codes::{Code, entry as codes};
use super::people;
use super::schema::entries;
use crate::api::{Change, Entry, History, Kind, Role, RoomId, Seq};
use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use sessions::api::{User, UserId};
use std::collections::HashMap;
use storage::prelude::*;

/// A row of `entries`, as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = entries)]
pub(crate) struct EntryRow {
    pub(crate) room_id: i64,
    pub(crate) seq: i64,
    kind: i16,
    author_id: UserId,
    at: i64,
    cid: Option<String>,
    body: Option<String>,
    target: Option<i64>,
    subject_id: Option<UserId>,
    detail: Option<String>,
}

/// The rarely used properties of an entry, as JSON in one column.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    on: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<RoomDetail>,
}

#[derive(Serialize, Deserialize)]
struct RoomDetail {
    title: String,
    topic: String,
    history: i16,
    kind: i16,
}

/// The columns whose values depend on the entry's kind, as they are written.
#[derive(Default)]
pub(crate) struct EntryColumns<'a> {
    pub(crate) kind: i16,
    pub(crate) cid: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
    pub(crate) target: Option<Seq>,
    pub(crate) subject: Option<UserId>,
    pub(crate) detail: Option<String>,
}

impl<'a> EntryColumns<'a> {
    /// Returns the columns of an entry.
    pub(crate) fn of(entry: &'a Entry) -> Self {
        match &entry.change {
            Change::Message {
                cid,
                body,
                reply_to,
                mentions,
            } => Self {
                kind: codes::MESSAGE,
                cid: Some(cid),
                body: body.as_deref(),
                target: *reply_to,
                detail: mention_detail(mentions),
                ..Self::default()
            },
            Change::Edited { target, body } => Self {
                kind: codes::EDITED,
                body: body.as_deref(),
                target: Some(*target),
                ..Self::default()
            },
            Change::Deleted { target } => Self {
                kind: codes::DELETED,
                target: Some(*target),
                ..Self::default()
            },
            Change::Reaction { target, emoji, on } => Self {
                kind: codes::REACTION,
                target: Some(*target),
                detail: json(&Detail {
                    emoji: Some(emoji.clone()),
                    on: *on,
                    ..Detail::default()
                }),
                ..Self::default()
            },
            _ => Self::about_person_or_room(entry),
        }
    }

    /// Returns the columns of an entry about a person or the room.
    fn about_person_or_room(entry: &Entry) -> Self {
        let about = |kind, user: &User, reason: &Option<String>, detail: Detail| Self {
            kind,
            subject: Some(user.id),
            detail: json(&Detail {
                reason: reason.clone(),
                ..detail
            }),
            ..Self::default()
        };
        let none = Detail::default;
        match &entry.change {
            Change::Joined => about(codes::JOINED, &entry.author, &None, none()),
            Change::Left => about(codes::LEFT, &entry.author, &None, none()),
            Change::Invited { user, reason } => about(codes::INVITED, user, reason, none()),
            Change::Kicked { user, reason } => about(codes::KICKED, user, reason, none()),
            Change::Banned { user, reason } => about(codes::BANNED, user, reason, none()),
            Change::Unbanned { user, reason } => about(codes::UNBANNED, user, reason, none()),
            Change::Unmuted { user, reason } => about(codes::UNMUTED, user, reason, none()),
            Change::Muted {
                user,
                until_ms,
                reason,
            } => about(
                codes::MUTED,
                user,
                reason,
                Detail {
                    until_ms: Some(*until_ms),
                    ..none()
                },
            ),
            Change::Role { user, role, reason } => about(
                codes::ROLE,
                user,
                reason,
                Detail {
                    role: Some(role.code()),
                    ..none()
                },
            ),
            Change::Room {
                title,
                topic,
                history,
                kind,
            } => Self {
                kind: codes::ROOM,
                detail: json(&Detail {
                    room: Some(RoomDetail {
                        title: title.clone(),
                        topic: topic.clone(),
                        history: history.code(),
                        kind: kind.code(),
                    }),
                    ..none()
                }),
                ..Self::default()
            },
            Change::Message { .. }
            | Change::Edited { .. }
            | Change::Deleted { .. }
            | Change::Reaction { .. } => unreachable!("handled by the caller"),
        }
    }
}

fn mention_detail(mentions: &[User]) -> Option<String> {
    if mentions.is_empty() {
        return None;
    }
    json(&Detail {
        mentions: mentions.iter().map(|user| people::hex(user.id)).collect(),
        ..Detail::default()
    })
}

/// Returns the JSON of a detail, or `None` if it is empty.
fn json(detail: &Detail) -> Option<String> {
    let json = serde_json::to_string(detail).expect("strings and numbers are JSON");
    (json != "{}").then_some(json)
}

impl EntryRow {
    /// Adds the ids of everyone whose name the entry shows.
    pub(crate) fn people(&self, into: &mut Vec<UserId>) -> Result<(), Fault> {
        into.push(self.author_id);
        if let Some(subject) = self.subject_id {
            into.push(subject);
        }
        for mentioned in self.mentions()? {
            into.push(people::from_hex(&mentioned)?);
        }
        Ok(())
    }

    /// Returns the mentions of an undeleted message. Older versions left those of deleted messages in the
    /// table.
    fn mentions(&self) -> Result<Vec<String>, Fault> {
        if self.kind != codes::MESSAGE || self.body.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.detail()?.mentions)
    }

    /// Returns the message that a reaction is about; `None` for other entries.
    pub(crate) fn reacts_to(&self) -> Option<(RoomId, Seq)> {
        let target = self.target.filter(|_| self.kind == codes::REACTION)?;
        Some((RoomId(self.room_id), target))
    }

    /// Replaces a reaction's emoji by an empty string.
    pub(crate) fn hide_emoji(&mut self) -> Result<(), Fault> {
        let mut detail = self.detail()?;
        detail.emoji = Some(String::new());
        self.detail = json(&detail);
        Ok(())
    }

    /// Returns the entry; `users` has the people by id.
    pub(crate) fn into_entry(self, users: &HashMap<UserId, User>) -> Result<Entry, Fault> {
        let author = people::named(users, self.author_id);
        let (room, seq, at) = (RoomId(self.room_id), self.seq, self.at);
        let change = self
            .into_change(users)
            .with_context(|| format!("entry {seq} of room {}", room.0))?;
        Ok(Entry {
            room,
            seq,
            author,
            at,
            change,
        })
    }

    fn into_change(self, users: &HashMap<UserId, User>) -> Result<Change, Fault> {
        let detail = self.detail()?;
        let mentions = mentioned(&self.mentions()?, users)?;
        let target = || self.target.context("target is missing");
        let change = match self.kind {
            codes::MESSAGE => Change::Message {
                mentions,
                cid: self.cid.context("cid is missing")?,
                body: self.body,
                reply_to: self.target,
            },
            codes::EDITED => Change::Edited {
                target: target()?,
                body: self.body,
            },
            codes::DELETED => Change::Deleted { target: target()? },
            codes::REACTION => Change::Reaction {
                target: target()?,
                emoji: detail.emoji.context("emoji is missing")?,
                on: detail.on,
            },
            codes::JOINED => Change::Joined,
            codes::LEFT => Change::Left,
            codes::ROOM => room_change(detail.room.context("room is missing")?)?,
            kind => {
                let user = self.subject_id.context("subject is missing")?;
                moderated(kind, people::named(users, user), detail)?
            }
        };
        Ok(change)
    }

    fn detail(&self) -> Result<Detail, Fault> {
        let Some(json) = &self.detail else {
            return Ok(Detail::default());
        };
        Ok(serde_json::from_str(json).context("cannot parse the detail column")?)
    }
}

fn mentioned(ids: &[String], users: &HashMap<UserId, User>) -> Result<Vec<User>, Fault> {
    ids.iter()
        .map(|id| Ok(people::named(users, people::from_hex(id)?)))
        .collect()
}

fn room_change(room: RoomDetail) -> Result<Change, Fault> {
    Ok(Change::Room {
        history: History::decode(room.history)?,
        kind: Kind::decode(room.kind)?,
        title: room.title,
        topic: room.topic,
    })
}

fn moderated(kind: i16, user: User, detail: Detail) -> Result<Change, Fault> {
    let reason = detail.reason;
    Ok(match kind {
        codes::INVITED => Change::Invited { user, reason },
        codes::KICKED => Change::Kicked { user, reason },
        codes::BANNED => Change::Banned { user, reason },
        codes::UNBANNED => Change::Unbanned { user, reason },
        codes::UNMUTED => Change::Unmuted { user, reason },
        codes::MUTED => Change::Muted {
            user,
            until_ms: detail.until_ms.context("until_ms is missing")?,
            reason,
        },
        codes::ROLE => Change::Role {
            user,
            role: Role::decode(detail.role.context("role is missing")?)?,
            reason,
        },
        other => return Err(anyhow!("unknown kind of entry: {other}").into()),
    })
}
