//! A run of appends: what it needs to know is read as sets, then each item is judged in its turn as
//! if it were alone, the items before it included.

use super::{Staged, fingerprint, mentions, permissions};
use crate::api::log::{Append, Appended, Draft};
use crate::api::{Change, Refusal, Role, RoomId, Seq};
use crate::store::lookups::{self, Repeats, StoredMessage, Target, Targets};
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use sessions::api::{User, UserId, directory};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use storage::prelude::*;

/// Everything that the items of one run are judged by, under the rooms' locks.
pub(crate) struct AppendBatch<'r> {
    rooms: HashMap<&'r str, Room>,
    repeats: Repeats,
    people: HashMap<String, User>,
    members: HashMap<(RoomId, UserId), MemberRecord>,
    targets: Targets,
    /// Those who may delete what others wrote, without being moderators of the room.
    admins: HashSet<(RoomId, UserId)>,
    /// Those who answer a direct room by writing into it.
    answers: HashSet<(RoomId, UserId)>,
    staged: Staged,
}

impl<'r> AppendBatch<'r> {
    /// Locks the rooms and reads.
    pub(crate) async fn open(tx: &mut Writer<'_>, run: &'r [Append<'r>]) -> Result<Self, Fault> {
        let rooms = lock(tx, run).await?;
        let of = |item: &Append<'_>| rooms.get(&*item.room.0).map(|room| room.info.id);
        let sends = sends(run, of);
        let repeats = lookups::repeats(tx, &sends).await?;
        let people = named(tx, run).await?;
        let members = members::by_pairs(tx, &pairs(run, &rooms, &people)).await?;
        let targets = lookups::targets(tx, &places(run, of)).await?;
        let admins = admins(tx, run, &rooms).await?;
        Ok(Self {
            rooms,
            repeats,
            people,
            members,
            targets,
            admins,
            answers: HashSet::new(),
            staged: Staged::default(),
        })
    }

    /// Judges one item, and writes it down unless it is refused or a repeat.
    pub(crate) fn write(&mut self, item: &Append<'_>) -> Result<Appended, Refusal> {
        let Some(room) = self.rooms.get(&*item.room.0) else {
            return Err(Refusal::NoSuchRoom);
        };
        let room = room.clone();
        if let Some(before) = self.repeat(&room, item)? {
            return Ok(before);
        }
        let change = self.judge(&room, item)?;
        Ok(self.add(item, change))
    }

    /// Writes what was written down.
    pub(crate) async fn close(self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for (room, user) in self.answers {
            members::set_answered(tx, room, user).await?;
        }
        self.staged.commit(tx).await
    }

    /// A repeat is answered whatever became of the author since: it tells nothing new.
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

    fn judge(&self, room: &Room, item: &Append<'_>) -> Result<Change, Refusal> {
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
                if let Some(place) = reply_to {
                    self.target(room, member, place)?;
                }
                Ok(Change::Message {
                    cid: cid.to_owned(),
                    body: Some(body.to_owned()),
                    reply_to,
                    mentions: self.mentioned(room, body),
                })
            }
            Draft::Edited { target, body } => {
                let message = self.living(room, member, target)?;
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
                self.living(room, member, target)?;
                Ok(Change::Reaction {
                    target,
                    emoji: emoji.to_owned(),
                    on,
                })
            }
        }
    }

    /// Whether this is a direct room that one of the two has left.
    fn is_closed(&self, room: &Room) -> bool {
        let here = |user: &User| self.members.contains_key(&(room.info.id, user.id));
        let pair = room.info.pair.as_ref();
        pair.is_some_and(|(a, b)| !here(a) || !here(b))
    }

    /// A message that the member may read.
    fn target(&self, room: &Room, member: &MemberRecord, place: Seq) -> Result<Target, Refusal> {
        if place < permissions::visible_from(room, member) {
            return Err(Refusal::NoSuchMessage);
        }
        let target = self.targets.get(&(room.info.id, place));
        target.copied().ok_or(Refusal::NoSuchMessage)
    }

    /// A message that stands and that the member may read or wrote: what people said in an earlier
    /// stay they take back too.
    fn deletable(
        &self,
        room: &Room,
        member: &MemberRecord,
        (place, author): (Seq, UserId),
    ) -> Result<Target, Refusal> {
        let own = self.targets.get(&(room.info.id, place));
        match own.filter(|message| message.author == author && !message.deleted) {
            Some(own) => Ok(*own),
            None => self.living(room, member, place),
        }
    }

    /// [`AppendBatch::target`], not deleted.
    fn living(&self, room: &Room, member: &MemberRecord, place: Seq) -> Result<Target, Refusal> {
        let target = self.target(room, member, place)?;
        if target.deleted {
            return Err(Refusal::NoSuchMessage);
        }
        Ok(target)
    }

    /// Members named in a body, each once.
    fn mentioned(&self, room: &Room, body: &str) -> Vec<User> {
        let mut seen = HashSet::new();
        mentions::candidates(body)
            .into_iter()
            .filter_map(|name| self.people.get(name))
            .filter(|user| self.members.contains_key(&(room.info.id, user.id)))
            .filter(|user| seen.insert(user.id))
            .cloned()
            .collect()
    }

    fn add(&mut self, item: &Append<'_>, change: Change) -> Appended {
        let room = self
            .rooms
            .get_mut(&*item.room.0)
            .expect("it was judged in this room");
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

    /// Lets the items that follow see this one.
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
    run: &'r [Append<'r>],
) -> Result<HashMap<&'r str, Room>, Fault> {
    let keys: HashSet<&str> = run.iter().map(|item| &*item.room.0).collect();
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

/// Every message of the run, with its room.
fn sends<'r>(
    run: &'r [Append<'r>],
    room_of: impl Fn(&Append<'_>) -> Option<RoomId>,
) -> Vec<(RoomId, UserId, &'r str)> {
    let send = |item: &'r Append<'r>| match item.what {
        Draft::Message { cid, .. } => Some((room_of(item)?, item.author.id, cid)),
        _ => None,
    };
    run.iter().filter_map(send).collect()
}

/// The people whose names are in the run's messages.
async fn named(tx: &mut Writer<'_>, run: &[Append<'_>]) -> Result<HashMap<String, User>, Fault> {
    let names: HashSet<&str> = run.iter().flat_map(candidates).collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<&str> = names.into_iter().collect();
    directory::by_name(tx, &names).await
}

fn candidates<'r>(item: &Append<'r>) -> Vec<&'r str> {
    match item.what {
        Draft::Message { body, .. } => mentions::candidates(body),
        _ => Vec::new(),
    }
}

/// Server administrators among those who delete something, with the public rooms they do it in.
async fn admins(
    tx: &mut Writer<'_>,
    run: &[Append<'_>],
    rooms: &HashMap<&str, Room>,
) -> Result<HashSet<(RoomId, UserId)>, Fault> {
    let mut admins = HashSet::new();
    for item in run {
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

/// The memberships that matter: of each author, of each person named, and of both in a direct room.
fn pairs(
    run: &[Append<'_>],
    rooms: &HashMap<&str, Room>,
    people: &HashMap<String, User>,
) -> Vec<(RoomId, UserId)> {
    let mut pairs = HashSet::new();
    for item in run {
        let Some(found) = rooms.get(&*item.room.0) else {
            continue;
        };
        let room = found.info.id;
        pairs.insert((room, item.author.id));
        if let Some((a, b)) = &found.info.pair {
            pairs.extend([(room, a.id), (room, b.id)]);
        }
        let named = candidates(item)
            .into_iter()
            .filter_map(|name| people.get(name));
        pairs.extend(named.map(|user| (room, user.id)));
    }
    pairs.into_iter().collect()
}

/// The places that the run refers to.
fn places(
    run: &[Append<'_>],
    room_of: impl Fn(&Append<'_>) -> Option<RoomId>,
) -> Vec<(RoomId, Seq)> {
    let place = |item: &Append<'_>| {
        let place = match item.what {
            Draft::Message { reply_to, .. } => reply_to?,
            Draft::Edited { target, .. }
            | Draft::Deleted { target }
            | Draft::Reaction { target, .. } => target,
        };
        Some((room_of(item)?, place))
    };
    let places: HashSet<(RoomId, Seq)> = run.iter().filter_map(place).collect();
    places.into_iter().collect()
}
