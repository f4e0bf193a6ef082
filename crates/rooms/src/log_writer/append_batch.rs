//! A batch of appends: everything that its checks need is read with one query per table, then each item
//! is checked in turn, as if the items before it had been written already.

use super::mentions::Mentions;
use super::{Staged, fingerprint, permissions};
use crate::api::append::{Append, Appended, Draft};
use crate::api::{Change, Refusal, Role, RoomId, Seq};
use crate::store::lookups::{self, Repeats, StoredMessage, Target, Targets};
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use sessions::api::{User, UserId, directory};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use storage::prelude::*;

/// What the checks of one batch need, read under the rooms' locks, and the entries staged so far.
pub(crate) struct AppendBatch<'r> {
    rooms: HashMap<&'r str, Room>,
    repeats: Repeats,
    /// The names in each body, found once.
    mentions: HashMap<&'r str, Mentions<'r>>,
    people: HashMap<String, User>,
    members: HashMap<(RoomId, UserId), MemberRecord>,
    targets: Targets,
    /// Authors who may delete others' messages without being moderators: server administrators.
    admins: HashSet<(RoomId, UserId)>,
    /// Members who answer a direct room by writing into it.
    answers: HashSet<(RoomId, UserId)>,
    staged: Staged,
}

impl<'r> AppendBatch<'r> {
    /// Locks the rooms and reads what the checks need.
    pub(crate) async fn open(tx: &mut Writer<'_>, items: &'r [Append<'r>]) -> Result<Self, Fault> {
        let rooms = lock(tx, items).await?;
        let room_of = |item: &Append<'_>| rooms.get(&*item.room.0).map(|room| room.info.id);
        let messages = message_keys(items, room_of);
        let repeats = lookups::repeats(tx, &messages).await?;
        let mentions: HashMap<_, _> = items.iter().filter_map(mentions).collect();
        let people = mentionable(tx, &mentions).await?;
        let pairs = pairs(items, &rooms, &mentions, &people);
        let members = members::by_pairs(tx, &pairs).await?;
        let targets = lookups::targets(tx, &references(items, room_of)).await?;
        let admins = deleting_admins(tx, items, &rooms).await?;
        Ok(Self {
            rooms,
            repeats,
            mentions,
            people,
            members,
            targets,
            admins,
            answers: HashSet::new(),
            staged: Staged::default(),
        })
    }

    /// Checks one item, and stages its entry unless it is refused or a repeat.
    pub(crate) fn append(&mut self, item: &Append<'_>) -> Result<Appended, Refusal> {
        let Some(room) = self.rooms.get(&*item.room.0) else {
            return Err(Refusal::NoSuchRoom);
        };
        let room = room.clone();
        if let Some(before) = self.repeat(&room, item)? {
            return Ok(before);
        }
        let change = self.check(&room, item)?;
        Ok(self.add(item, change))
    }

    /// Writes the staged entries.
    pub(crate) async fn write(self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for (room, user) in self.answers {
            members::set_answered(tx, room, user).await?;
        }
        self.staged.write(tx).await
    }

    /// Returns the earlier entry if this message was sent before. Ignores the author's present rights:
    /// the answer reveals nothing new.
    fn repeat(&self, room: &Room, item: &Append<'_>) -> Result<Option<Appended>, Refusal> {
        let Draft::Message {
            cid,
            body,
            reply_to,
        } = item.what
        else {
            return Ok(None);
        };
        let key = (room.info.id, item.author.id, cid.to_owned());
        let Some(before) = self.repeats.get(&key) else {
            return Ok(None);
        };
        if before.fingerprint != fingerprint::of(body, reply_to) {
            return Err(Refusal::CidConflict);
        }
        Ok(Some(Appended {
            room: Arc::clone(&room.info),
            seq: before.seq,
            at: before.at,
            dup: true,
        }))
    }

    fn check(&self, room: &Room, item: &Append<'_>) -> Result<Change, Refusal> {
        let member = self
            .members
            .get(&(room.info.id, item.author.id))
            .ok_or_else(|| permissions::not_a_member(room))?;
        let muted = member.muted_until.is_some_and(|until| until > item.at);
        if muted && !matches!(item.what, Draft::Deleted { .. }) {
            return Err(Refusal::Muted);
        }
        if !matches!(item.what, Draft::Deleted { .. }) && self.is_closed(room) {
            return Err(Refusal::OtherLeft);
        }
        match item.what {
            Draft::Message {
                cid,
                body,
                reply_to,
            } => {
                if let Some(seq) = reply_to {
                    self.target(room, member, seq)?;
                }
                Ok(Change::Message {
                    cid: cid.to_owned(),
                    body: Some(body.to_owned()),
                    reply_to,
                    mentions: self.mentioned(room, body),
                })
            }
            Draft::Edited { target, body } => {
                let message = self.undeleted(room, member, target)?;
                if message.author != item.author.id {
                    return Err(Refusal::Forbidden);
                }
                Ok(Change::Edited {
                    target,
                    body: Some(body.to_owned()),
                })
            }
            Draft::Deleted { target } => {
                let message = self.deletable(room, member, (target, item.author.id))?;
                let by_right = member.role >= Role::Moderator
                    || self.admins.contains(&(room.info.id, item.author.id));
                if message.author != item.author.id && !by_right {
                    return Err(Refusal::Forbidden);
                }
                Ok(Change::Deleted { target })
            }
            Draft::Reaction { target, emoji, on } => {
                self.undeleted(room, member, target)?;
                Ok(Change::Reaction {
                    target,
                    emoji: emoji.to_owned(),
                    on,
                })
            }
        }
    }

    /// Returns whether this is a direct room that one of the two people has left.
    fn is_closed(&self, room: &Room) -> bool {
        let here = |user: &User| self.members.contains_key(&(room.info.id, user.id));
        let pair = room.info.pair.as_ref();
        pair.is_some_and(|(a, b)| !here(a) || !here(b))
    }

    /// Returns a message that the member may read.
    fn target(&self, room: &Room, member: &MemberRecord, seq: Seq) -> Result<Target, Refusal> {
        if seq < permissions::visible_from(room, member) {
            return Err(Refusal::NoSuchMessage);
        }
        let target = self.targets.get(&(room.info.id, seq));
        target.copied().ok_or(Refusal::NoSuchMessage)
    }

    /// Returns an undeleted message that the member may read or wrote: people may also delete what they
    /// wrote during an earlier membership.
    fn deletable(
        &self,
        room: &Room,
        member: &MemberRecord,
        (seq, author): (Seq, UserId),
    ) -> Result<Target, Refusal> {
        let own = self.targets.get(&(room.info.id, seq));
        match own.filter(|message| message.author == author && !message.deleted) {
            Some(own) => Ok(*own),
            None => self.undeleted(room, member, seq),
        }
    }

    /// Returns an undeleted message that the member may read.
    fn undeleted(&self, room: &Room, member: &MemberRecord, seq: Seq) -> Result<Target, Refusal> {
        let target = self.target(room, member, seq)?;
        if target.deleted {
            return Err(Refusal::NoSuchMessage);
        }
        Ok(target)
    }

    /// Returns the members mentioned in a body, each once.
    fn mentioned(&self, room: &Room, body: &str) -> Vec<User> {
        let mut seen = HashSet::new();
        let is_member = |user: &&User| self.members.contains_key(&(room.info.id, user.id));
        let mentions = &self.mentions[body];
        let mut users = mentions.known(|name| self.people.get(name).filter(is_member));
        users.retain(|user| seen.insert(user.id));
        users.into_iter().cloned().collect()
    }

    fn add(&mut self, item: &Append<'_>, change: Change) -> Appended {
        let room = self
            .rooms
            .get_mut(&*item.room.0)
            .expect("it was checked in this room");
        let seq = self.staged.add(room, item.author, item.at, change);
        let room = room.clone();
        self.remember(&room, item, seq);
        Appended {
            room: room.info,
            seq,
            at: item.at,
            dup: false,
        }
    }

    /// Makes this item visible to the checks of the following ones.
    fn remember(&mut self, room: &Room, item: &Append<'_>, seq: Seq) {
        let (id, author) = (room.info.id, item.author.id);
        if let Some(member) = self.members.get_mut(&(id, author))
            && !member.answered
        {
            member.answered = true;
            self.answers.insert((id, author));
        }
        match item.what {
            Draft::Message {
                cid,
                body,
                reply_to,
            } => {
                let fingerprint = fingerprint::of(body, reply_to).to_vec();
                let at = item.at;
                self.repeats.insert(
                    (id, author, cid.to_owned()),
                    StoredMessage {
                        seq,
                        at,
                        fingerprint,
                    },
                );
                self.targets.insert(
                    (id, seq),
                    Target {
                        author,
                        deleted: false,
                    },
                );
            }
            Draft::Deleted { target } => {
                self.targets
                    .entry((id, target))
                    .and_modify(|message| message.deleted = true);
            }
            Draft::Edited { .. } | Draft::Reaction { .. } => {}
        }
    }
}

async fn lock<'r>(
    tx: &mut Writer<'_>,
    items: &'r [Append<'r>],
) -> Result<HashMap<&'r str, Room>, Fault> {
    let keys: HashSet<&str> = items.iter().map(|item| &*item.room.0).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut found: HashMap<String, Room> = HashMap::new();
    for room in rooms::lock(tx, &keys).await? {
        found.insert(room.info.key.0.to_string(), room);
    }
    let rooms = keys
        .into_iter()
        .filter_map(|key| Some((key, found.remove(key)?)));
    Ok(rooms.collect())
}

/// Returns what identifies each message of the batch: room, author and `cid`.
fn message_keys<'r>(
    items: &'r [Append<'r>],
    room_of: impl Fn(&Append<'_>) -> Option<RoomId>,
) -> Vec<(RoomId, UserId, &'r str)> {
    let key = |item: &'r Append<'r>| match item.what {
        Draft::Message { cid, .. } => Some((room_of(item)?, item.author.id, cid)),
        _ => None,
    };
    items.iter().filter_map(key).collect()
}

/// Looks up the people whose names may be mentioned in the batch's messages, by name as written.
async fn mentionable(
    tx: &mut Writer<'_>,
    mentions: &HashMap<&str, Mentions<'_>>,
) -> Result<HashMap<String, User>, Fault> {
    let names: HashSet<&str> = mentions.values().flat_map(Mentions::names).collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<&str> = names.into_iter().collect();
    directory::by_name(tx, &names).await
}

/// Returns the body of a message and the names in it.
fn mentions<'r>(item: &Append<'r>) -> Option<(&'r str, Mentions<'r>)> {
    match item.what {
        Draft::Message { body, .. } => Some((body, Mentions::of(body))),
        _ => None,
    }
}

/// Returns the server administrators who delete something in a public room, with that room.
async fn deleting_admins(
    tx: &mut Writer<'_>,
    items: &[Append<'_>],
    rooms: &HashMap<&str, Room>,
) -> Result<HashSet<(RoomId, UserId)>, Fault> {
    let mut admins = HashSet::new();
    for item in items {
        let Draft::Deleted { .. } = item.what else {
            continue;
        };
        let Some(room) = rooms.get(&*item.room.0) else {
            continue;
        };
        let role = permissions::effective_role(tx, room, item.author.id, Role::Member).await?;
        if role >= Role::Moderator {
            admins.insert((room.info.id, item.author.id));
        }
    }
    Ok(admins)
}

/// Returns the memberships to read: of each author, of each person mentioned, and of both people in a
/// direct room.
fn pairs(
    items: &[Append<'_>],
    rooms: &HashMap<&str, Room>,
    mentions: &HashMap<&str, Mentions<'_>>,
    people: &HashMap<String, User>,
) -> Vec<(RoomId, UserId)> {
    let mut pairs = HashSet::new();
    for item in items {
        let Some(found) = rooms.get(&*item.room.0) else {
            continue;
        };
        let room = found.info.id;
        pairs.insert((room, item.author.id));
        if let Some((a, b)) = &found.info.pair {
            pairs.extend([(room, a.id), (room, b.id)]);
        }
        let Draft::Message { body, .. } = item.what else {
            continue;
        };
        let mentioned = mentions[body].names().filter_map(|name| people.get(name));
        pairs.extend(mentioned.map(|user| (room, user.id)));
    }
    pairs.into_iter().collect()
}

/// Returns the messages that the batch refers to.
fn references(
    items: &[Append<'_>],
    room_of: impl Fn(&Append<'_>) -> Option<RoomId>,
) -> Vec<(RoomId, Seq)> {
    let reference = |item: &Append<'_>| {
        let seq = match item.what {
            Draft::Message { reply_to, .. } => reply_to?,
            Draft::Edited { target, .. }
            | Draft::Deleted { target }
            | Draft::Reaction { target, .. } => target,
        };
        Some((room_of(item)?, seq))
    };
    let references: HashSet<(RoomId, Seq)> = items.iter().filter_map(reference).collect();
    references.into_iter().collect()
}
