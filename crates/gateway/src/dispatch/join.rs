//! `join`, `leave` and `typing`, whose effects must be in order with the room's pushes.

use super::read::{PresenceShape, online, page_limit, presence};
use super::{Body, BusClient, CommandReply};
use crate::connection::{Conn, Frame};
use crate::hub::{
    AbortJoin, BeginJoin, DeliverPage, JoinedInfo, PageDelivered, SendLeaveReply, SetTyping,
    TypingResult,
};
use crate::wire::{self, CardShape, DoneShape, EntryShape, Error, MUTED, NO_SUCH_ROOM};
use rooms::api::{JoinRoom, Joined, LeaveRoom, LogPage, MembersPage, ReadLog, RoomKey, Seq};
use serde::Serialize;
use serde_json::json;
use sessions::api::Caller;
use std::sync::Arc;

/// The parameters of a `join`.
pub(super) struct JoinParams {
    pub(super) room: RoomKey,
    pub(super) after: Option<Seq>,
    pub(super) limit: Option<i64>,
}

/// What a `join` has read for its reply.
struct JoinedRoom {
    joined: Joined,
    page: LogPage,
    members: MembersPage,
}

pub(super) async fn join(
    bus: &BusClient,
    caller: Caller,
    conn: Arc<Conn>,
    id: u64,
    join: JoinParams,
) -> Result<CommandReply, Error> {
    let room = join.room.clone();
    let begin = BeginJoin {
        connection: conn.id,
        room: room.clone(),
    };
    bus.ask_infallible(begin).await?;
    let found = match join_and_read(bus, &caller, join).await {
        Ok(found) => found,
        Err(error) => {
            let abort = AbortJoin {
                connection: conn.id,
                room,
            };
            // If this fails too, the hub forgets the join by itself. The client gets the first error.
            let _ = bus.ask_infallible(abort).await;
            return Err(error);
        }
    };
    let page = DeliverPage {
        connection: conn.id,
        room: room.clone(),
        reply: Some(reply(id, &caller, &found)),
        frames: Vec::new(),
        cursor: found.joined.head,
        at_head: true,
        joined: Some(Box::new(JoinedInfo {
            info: Arc::clone(&found.joined.room),
            role: found.joined.role,
            count: found.members.count,
            muted_until: found.joined.muted_until,
        })),
    };
    match bus.ask_infallible(page).await? {
        PageDelivered::More => Ok(CommandReply::CatchUp(room, found.joined.head)),
        PageDelivered::Live | PageDelivered::Gone => Ok(CommandReply::Sent),
    }
}

/// Joins the room, then reads for the reply: the log up to that commit, and who is online.
async fn join_and_read(
    bus: &BusClient,
    caller: &Caller,
    join: JoinParams,
) -> Result<JoinedRoom, Error> {
    let limits = &bus.shared.limits;
    let JoinParams { room, after, limit } = join;
    let joined = bus
        .ask(JoinRoom {
            caller: caller.clone(),
            room: room.clone(),
        })
        .await?;
    let log = ReadLog {
        reader: Some(caller.user.id),
        room: room.clone(),
        after,
        upto: Some(joined.head),
        limit: page_limit(limit, limits),
        bytes: limits.page_bytes,
    };
    let (page, members) =
        futures_util::future::try_join(bus.ask(log), bus.ask(online(caller.clone(), room, limits)))
            .await?;
    Ok(JoinedRoom {
        joined,
        page,
        members,
    })
}

#[derive(Serialize)]
struct JoinShape<'a> {
    card: CardShape<'a>,
    head: Seq,
    entries: Vec<EntryShape<'a>>,
    complete: bool,
    members: PresenceShape<'a>,
}

fn reply(id: u64, caller: &Caller, found: &JoinedRoom) -> Frame {
    let joined = &found.joined;
    let card = joined.room.card(caller.user.id, Some(joined.role));
    let entries = found.page.entries.iter();
    let body = Body::of(&JoinShape {
        card: (&card).into(),
        head: joined.head,
        entries: entries.map(|entry| EntryShape::from(&**entry)).collect(),
        complete: found.page.complete,
        members: presence(&found.members),
    });
    wire::reply::ok(id, &body.0)
}

pub(super) async fn leave(
    bus: &BusClient,
    caller: Caller,
    conn: Arc<Conn>,
    id: u64,
    room: RoomKey,
) -> Result<CommandReply, Error> {
    let user = caller.user.clone();
    let leave = LeaveRoom {
        caller,
        room: room.clone(),
    };
    let done = bus.ask(leave).await?;
    let body = Body::of(&DoneShape::from(done));
    let left = SendLeaveReply {
        connection: conn.id,
        user,
        room,
        seq: done.seq,
        reply: wire::reply::ok(id, &body.0),
    };
    bus.ask_infallible(left).await?;
    Ok(CommandReply::Sent)
}

pub(super) async fn typing(
    bus: &BusClient,
    caller: Caller,
    conn: Arc<Conn>,
    room: RoomKey,
    on: bool,
) -> Result<CommandReply, Error> {
    let request = SetTyping {
        connection: conn.id,
        user: caller.user.clone(),
        room: room.clone(),
        on,
    };
    match bus.ask_infallible(request).await? {
        TypingResult::Accepted => Ok(CommandReply::Body(Body::of(&json!({})))),
        TypingResult::Muted => Err(Error::new(&MUTED)),
        TypingResult::NotMember => {
            // Rooms knows which refusal applies.
            let limits = &bus.shared.limits;
            bus.ask(online(caller, room, limits)).await?;
            Err(Error::new(&NO_SUCH_ROOM))
        }
    }
}
