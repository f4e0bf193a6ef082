//! `rooms`: one's own with what is unread in them, or all public ones.

use crate::api::{ListRooms, RoomSummary, RoomsPage};
use crate::store::markers;
use rooms::api::catalogue::{self, Listed};
use rooms::api::{RoomId, Seq, log};
use sessions::api::UserId;
use storage::prelude::*;

/// One page of the list, by key; its token is the last key.
pub(super) async fn page(access: &mut impl Access, request: ListRooms) -> Result<RoomsPage, Fault> {
    let viewer = request.caller.user.id;
    let (listed, next) = listed(access, &request).await?;
    let ids: Vec<RoomId> = listed.iter().map(|line| line.card.room.id).collect();
    let markers = markers::of_all(access, viewer, &ids).await?;
    let mut rooms = Vec::with_capacity(listed.len());
    for line in listed {
        let marker = markers.get(&line.card.room.id).copied().unwrap_or(0);
        rooms.push(room_line(access, viewer, line, marker).await?);
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

/// One more than asked for tells whether there is a next page.
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
    let last = listed.last().map(|line| line.card.room.key.0.to_string());
    Ok((listed, last.filter(|_| more)))
}

async fn room_line(
    access: &mut impl Access,
    viewer: UserId,
    line: Listed,
    marker: Seq,
) -> Result<RoomSummary, Fault> {
    let read = line.joined_seq.map_or(0, |joined| joined.max(marker));
    let (unread, mentions) = if line.joined_seq.is_none() || read >= line.head {
        (0, 0)
    } else {
        log::unread(access, line.card.room.id, viewer, read).await?
    };
    Ok(RoomSummary {
        card: line.card,
        head: line.head,
        read,
        unread,
        mentions,
        answered: line.answered,
    })
}
