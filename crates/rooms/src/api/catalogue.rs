//! Lists of rooms, read inside the caller's own snapshot.

use super::{Card, Role, RoomId, Seq};
use crate::store::members;
use crate::store::rooms::{self, Room};
use sessions::api::UserId;
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
}

/// The rooms a user is a member of, by key, after this key, at most `limit`.
pub async fn mine(
    access: &mut impl Access,
    user: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Listed>, Fault> {
    let places = members::places(access, &[user]).await?;
    let ids = places.iter().map(|place| place.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    let after = after.unwrap_or_default();
    let mut listed: Vec<Listed> = places
        .iter()
        .filter_map(|place| Some((rooms.get(&place.room)?, place)))
        .filter(|(room, _)| &*room.face.key.0 > after)
        .map(|(room, place)| listed(room, user, Some((place.role, place.joined_seq))))
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
    let pairs: Vec<(RoomId, UserId)> = rooms.iter().map(|room| (room.face.id, viewer)).collect();
    let members = members::of(access, &pairs).await?;
    let place = |room: &Room| {
        let member = members.get(&(room.face.id, viewer))?;
        Some((member.role, member.joined_seq))
    };
    Ok(rooms
        .iter()
        .map(|room| listed(room, viewer, place(room)))
        .collect())
}

fn listed(room: &Room, viewer: UserId, place: Option<(Role, Seq)>) -> Listed {
    Listed {
        card: room.face.card(viewer, place.map(|(role, _)| role)),
        head: room.head,
        joined_seq: place.map(|(_, joined_seq)| joined_seq),
    }
}
