//! `rooms`: the caller's own rooms with their unread counts and newest messages, or all public rooms.
//! However many rooms a page has, it takes the same few queries.

use super::last_message;
use crate::api::{ListRooms, RoomSummary, RoomsPage};
use crate::store::markers;
use rooms::api::catalogue::{self, Listed};
use rooms::api::{RoomId, Seq, previews};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

/// Reads one page of the list, ordered by key; the token for the next page is the last key.
pub(super) async fn page(
    access: &mut impl Access,
    request: ListRooms,
    now: i64,
) -> Result<RoomsPage, Fault> {
    let viewer = request.caller.user.id;
    let (listed, next) = listed(access, &request).await?;
    let ids: Vec<RoomId> = listed.iter().map(|room| room.card.room.id).collect();
    let markers = markers::of_all(access, viewer, &ids).await?;
    let unread = unread(access, viewer, &listed, &markers).await?;
    let mut last = if request.all {
        HashMap::new()
    } else {
        last_message::of_all(access, &listed).await?
    };
    let rooms = listed.into_iter().map(|room| {
        let id = room.card.room.id;
        let (unread, mentions) = unread.get(&id).copied().unwrap_or_default();
        RoomSummary {
            read: marker(&room, &markers),
            unread,
            mentions,
            last: last.remove(&id),
            card: room.card,
            head: room.head,
            answered: room.answered,
            preferences: room.preferences.at(now),
        }
    });
    let rooms = rooms.collect();
    let invitations = if request.all || request.after.is_some() {
        None
    } else {
        Some(catalogue::invitations(access, viewer, request.limit).await?)
    };
    Ok(RoomsPage {
        rooms,
        next,
        invitations,
    })
}

/// Reads one room more than the limit, to know whether there is a next page.
async fn listed(
    access: &mut impl Access,
    request: &ListRooms,
) -> Result<(Vec<Listed>, Option<String>), Fault> {
    let (viewer, after) = (request.caller.user.id, request.after.as_deref());
    let limit = request.limit.max(1);
    let mut listed = if request.all {
        catalogue::public(access, viewer, after, limit + 1).await?
    } else {
        catalogue::mine(access, viewer, after, limit + 1).await?
    };
    let more = listed.len() > limit;
    listed.truncate(limit);
    let last = listed.last().map(|room| room.card.room.key.0.to_string());
    Ok((listed, last.filter(|_| more)))
}

/// Returns the person's marker in a room: their own joining, if they have read no further.
fn marker(room: &Listed, markers: &HashMap<RoomId, Seq>) -> Seq {
    let moved = markers.get(&room.card.room.id).copied().unwrap_or(0);
    room.joined_seq.map_or(0, |joined| joined.max(moved))
}

/// Counts what is unread in the rooms that have entries above the marker.
async fn unread(
    access: &mut impl Access,
    viewer: UserId,
    listed: &[Listed],
    markers: &HashMap<RoomId, Seq>,
) -> Result<HashMap<RoomId, (u32, u32)>, Fault> {
    let mine = listed.iter().filter(|room| room.joined_seq.is_some());
    let read = mine.map(|room| (room, marker(room, markers)));
    let behind = read.filter(|(room, marker)| *marker < room.head);
    let behind: Vec<(RoomId, Seq)> = behind
        .map(|(room, marker)| (room.card.room.id, marker))
        .collect();
    previews::unread_of_all(access, viewer, &behind).await
}
