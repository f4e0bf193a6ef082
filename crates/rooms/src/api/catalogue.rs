//! Lists of rooms, read inside the caller's own snapshot.

use super::{Card, RoomId, RoomKey, Seq};
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use crate::store::{invitations, people, retention};
use sessions::api::{User, UserId, directory};
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// A room in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As the viewer sees it.
    pub card: Card,
    /// Its last `seq`.
    pub head: Seq,
    /// The viewer's own `joined` entry, for members.
    pub joined_seq: Option<Seq>,
    /// False for a direct room that the other one opened and the viewer has not answered.
    pub answered: bool,
}

/// The rooms a user is a member of, by key, after this key, at most `limit`.
pub async fn mine(
    access: &mut impl Access,
    user: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let places = members::of_users(access, &[user]).await?;
    let ids = places.iter().map(|place| place.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    let after = after.unwrap_or_default();
    let mut listed: Vec<Listed> = places
        .iter()
        .filter_map(|place| Some((rooms.get(&place.room)?, place)))
        .filter(|(room, _)| &*room.info.key.0 > after)
        .map(|(room, place)| listed(room, user, Some(place.member)))
        .collect();
    listed.sort_unstable_by(|a, b| a.card.room.key.cmp(&b.card.room.key));
    listed.truncate(limit);
    Ok(listed)
}

/// All public rooms, by key, after this key, at most `limit`.
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

/// An invitation that has not been used up.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The room as the one invited sees it.
    pub card: Card,
    /// Its last `seq`.
    pub head: Seq,
    /// Who gave it.
    pub by: User,
    /// The entry that says so.
    pub seq: Seq,
}

/// Someone's invitations, by key, at most `limit`.
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
    // Nobody has this id: the log no longer says who it was.
    let giver = |by: Option<UserId>| by.unwrap_or(UserId([0; 16]));
    let givers: Vec<UserId> = found.iter().map(|one| giver(one.by)).collect();
    let users = directory::by_id(access, &givers).await?;
    let mut invited: Vec<Invited> = found
        .iter()
        .filter_map(|one| Some((one, rooms.get(&one.room)?)))
        .map(|(one, room)| Invited {
            card: room.info.card(user, None),
            head: room.head,
            by: people::named(&users, giver(one.by)),
            seq: one.seq,
        })
        .collect();
    invited.sort_unstable_by(|a, b| a.card.room.key.cmp(&b.card.room.key));
    Ok(invited)
}

fn listed(room: &Room, viewer: UserId, member: Option<MemberRecord>) -> Listed {
    Listed {
        card: room.info.card(viewer, member.map(|member| member.role)),
        head: room.head,
        joined_seq: member.map(|member| member.joined_seq),
        answered: member.is_none_or(|member| member.answered),
    }
}

/// A room that has forgotten its oldest entries.
#[derive(Debug, Clone)]
pub struct CutShort {
    /// Its row.
    pub id: RoomId,
    /// Its key.
    pub key: RoomKey,
    /// The first entry that is left.
    pub kept_from: Seq,
}

/// Rooms that have forgotten something, by row, after this one, at most `limit`.
pub async fn cut_short(
    access: &mut impl Access,
    after: RoomId,
    limit: usize,
) -> Result<Vec<CutShort>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = retention::cut_short(access, after, limit).await?;
    let cut = |(id, key, kept_from)| CutShort { id, key, kept_from };
    Ok(found.into_iter().map(cut).collect())
}

/// Those of these pairs that are memberships. One query.
pub async fn members_among(
    access: &mut impl Access,
    pairs: &[(RoomId, UserId)],
) -> Result<HashSet<(RoomId, UserId)>, Fault> {
    Ok(members::by_pairs(access, pairs)
        .await?
        .into_keys()
        .collect())
}

/// The keys of these rooms.
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
