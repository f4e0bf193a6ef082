//! `rooms`: the caller's own rooms with their unread counts, or all public rooms.

use crate::api::{ListRooms, RoomSummary, RoomsPage};
use crate::store::markers;
use rooms::api::catalogue::{self, Listed};
use rooms::api::{RoomId, Seq, log};
use sessions::api::UserId;
use storage::prelude::*;

/// Reads one page of the list, ordered by key; the token for the next page is the last key.
pub(super) async fn page(access: &mut impl Access, request: ListRooms) -> Result<RoomsPage, Fault> {
    let viewer = request.caller.user.id;
    let (listed, next) = listed(access, &request).await?;
    let ids: Vec<RoomId> = listed.iter().map(|room| room.card.room.id).collect();
    let markers = markers::of_all(access, viewer, &ids).await?;
    let mut rooms = Vec::with_capacity(listed.len());
    for room in listed {
        let marker = markers.get(&room.card.room.id).copied().unwrap_or(0);
        rooms.push(summary(access, viewer, room, marker).await?);
    }
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

async fn summary(
    access: &mut impl Access,
    viewer: UserId,
    room: Listed,
    marker: Seq,
) -> Result<RoomSummary, Fault> {
    let read = room.joined_seq.map_or(0, |joined| joined.max(marker));
    let (unread, mentions) = if room.joined_seq.is_none() || read >= room.head {
        (0, 0)
    } else {
        log::unread(access, room.card.room.id, viewer, read).await?
    };
    Ok(RoomSummary {
        card: room.card,
        head: room.head,
        read,
        unread,
        mentions,
        answered: room.answered,
    })
}
