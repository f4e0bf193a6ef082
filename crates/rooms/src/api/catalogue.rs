//! Lists of rooms, read in the caller's own transaction.

use super::{Card, Preferences, RoomId, RoomKey, Seq};
use crate::store::members::{self, MemberRecord, MembershipRow};
use crate::store::rooms::{self, Room};
use crate::store::{invitations, people, retention};
use sessions::api::{User, UserId, directory};
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// A room in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The room as the viewer sees it.
    pub card: Card,
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The viewer's own `joined` entry; `None` for a non-member.
    pub joined_seq: Option<Seq>,
    /// The first entry that the viewer may read; `None` for a non-member.
    pub visible_from: Option<Seq>,
    /// What the viewer wants of the room; filled in by [`mine`] alone.
    pub preferences: Preferences,
    /// False for a direct room that the other person opened and the viewer has not answered.
    pub answered: bool,
}

/// Returns the rooms a user is a member of, ordered by key: at most `limit`, after the key `after`.
pub async fn mine(
    access: &mut impl Access,
    user: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let memberships = members::of_users(access, &[user]).await?;
    let ids = memberships.iter().map(|row| row.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    let after = after.unwrap_or_default();
    let mut listed: Vec<Listed> = memberships
        .iter()
        .filter_map(|row| Some((rooms.get(&row.room)?, row)))
        .filter(|(room, _)| &*room.info.key.0 > after)
        .map(|(room, row)| listed_mine(room, row))
        .collect();
    listed.sort_unstable_by(|a, b| a.card.room.key.cmp(&b.card.room.key));
    listed.truncate(limit);
    Ok(listed)
}

/// Returns public rooms ordered by key: at most `limit`, after the key `after`.
pub async fn public(
    access: &mut impl Access,
    viewer: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let rooms = rooms::public(access, after.unwrap_or_default(), limit).await?;
    let pairs: Vec<(RoomId, UserId)> = rooms.iter().map(|room| (room.info.id, viewer)).collect();
    let members = members::by_pairs(access, &pairs).await?;
    let member = |room: &Room| members.get(&(room.info.id, viewer)).copied();
    Ok(rooms
        .iter()
        .map(|room| listed(room, viewer, member(room)))
        .collect())
}

/// A pending invitation.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The room as the invited person sees it.
    pub card: Card,
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The inviter; named `unknown` if the log no longer records one.
    pub by: User,
    /// The `invited` entry.
    pub seq: Seq,
}

/// Returns a user's pending invitations ordered by room key, at most `limit`.
pub async fn invitations(
    access: &mut impl Access,
    user: UserId,
    limit: usize,
) -> Result<Vec<Invited>, Fault> {
    let found = invitations::of(access, user, limit).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids = found.iter().map(|invitation| invitation.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    // Nobody has this id; it stands in where the log no longer records the inviter.
    let id_of = |by: Option<UserId>| by.unwrap_or(UserId([0; 16]));
    let inviters: Vec<UserId> = found.iter().map(|one| id_of(one.by)).collect();
    let users = directory::by_id(access, &inviters).await?;
    let mut invited: Vec<Invited> = found
        .iter()
        .filter_map(|one| Some((one, rooms.get(&one.room)?)))
        .map(|(one, room)| Invited {
            card: room.info.card(user, None),
            head: room.head,
            by: people::named(&users, id_of(one.by)),
            seq: one.seq,
        })
        .collect();
    invited.sort_unstable_by(|a, b| a.card.room.key.cmp(&b.card.room.key));
    Ok(invited)
}

fn listed_mine(room: &Room, row: &MembershipRow) -> Listed {
    Listed {
        preferences: row.preferences,
        ..listed(room, row.user, Some(row.member))
    }
}

fn listed(room: &Room, viewer: UserId, member: Option<MemberRecord>) -> Listed {
    Listed {
        card: room.info.card(viewer, member.map(|member| member.role)),
        head: room.head,
        joined_seq: member.map(|member| member.joined_seq),
        visible_from: member.map(|member| room.visible_from(member.joined_seq)),
        preferences: Preferences::default(),
        answered: member.is_none_or(|member| member.answered),
    }
}

/// A room whose oldest entries retention has deleted.
#[derive(Debug, Clone)]
pub struct TruncatedRoom {
    /// The room's database id.
    pub id: RoomId,
    /// The room's key on the wire.
    pub key: RoomKey,
    /// The first entry that retention has kept.
    pub kept_from: Seq,
}

/// Returns rooms whose oldest entries retention has deleted, ordered by id: at most `limit`, after
/// the room `after`.
pub async fn truncated_rooms(
    access: &mut impl Access,
    after: RoomId,
    limit: usize,
) -> Result<Vec<TruncatedRoom>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = retention::truncated_rooms(access, after, limit).await?;
    let room = |(id, key, kept_from)| TruncatedRoom { id, key, kept_from };
    Ok(found.into_iter().map(room).collect())
}

/// Returns the pairs among `pairs` that are memberships, in one query.
pub async fn members_among(
    access: &mut impl Access,
    pairs: &[(RoomId, UserId)],
) -> Result<HashSet<(RoomId, UserId)>, Fault> {
    Ok(members::by_pairs(access, pairs)
        .await?
        .into_keys()
        .collect())
}

/// Returns the keys of these rooms, by id.
pub async fn keys(
    access: &mut impl Access,
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, RoomKey>, Fault> {
    let ids = rooms.iter().copied().collect();
    let rooms = rooms::by_ids(access, &ids).await?.into_iter();
    Ok(rooms
        .map(|(id, room)| (id, room.info.key.clone()))
        .collect())
}
