//! `join`, `leave` and `typing`: what has to happen in one order with the room's pushes.

use super::read::{PresenceShape, clipped, online, presence};
use super::{Answer, Asker, Body};
use crate::connection::{Conn, Frame};
use crate::hub::{Advance, Advanced, Found, Mark, SayLeft, Types, Typing, Unmark};
use crate::wire::{self, CardShape, DoneShape, EntryShape, Error, MUTED, NO_SUCH_ROOM};
use rooms::api::{JoinRoom, Joined, LeaveRoom, LogPage, MembersPage, ReadLog, RoomKey, Seq};
use serde::Serialize;
use serde_json::json;
use sessions::api::Caller;
use std::sync::Arc;

/// `join` as the client wants it.
pub(super) struct Join {
    pub(super) room: RoomKey,
    pub(super) after: Option<Seq>,
    pub(super) limit: Option<i64>,
}

/// What a `join` has read.
struct Entered {
    joined: Joined,
    page: LogPage,
    members: MembersPage,
}

pub(super) async fn join(
    asker: &Asker,
    caller: Caller,
    conn: Arc<Conn>,
    id: u64,
    join: Join,
) -> Result<Answer, Error> {
    let room = join.room.clone();
    let mark = Mark {
        connection: conn.id,
        room: room.clone(),
    };
    asker.plainly(mark).await?;
    let found = match enter(asker, &caller, join).await {
        Ok(found) => found,
        Err(error) => {
            let unmark = Unmark {
                connection: conn.id,
                room,
            };
            // The mark would also lapse by itself; the client is told why it was declined.
            let _ = asker.plainly(unmark).await;
            return Err(error);
        }
    };
    let advance = Advance {
        connection: conn.id,
        room: room.clone(),
        reply: Some(reply(id, &caller, &found)),
        frames: Vec::new(),
        cursor: found.joined.head,
        at_head: true,
        joined: Some(Box::new(Found {
            info: Arc::clone(&found.joined.room),
            role: found.joined.role,
            count: found.members.count,
            muted_until: found.joined.muted_until,
        })),
    };
    match asker.plainly(advance).await? {
        Advanced::More => Ok(Answer::Behind(room, found.joined.head)),
        Advanced::Live | Advanced::Gone => Ok(Answer::Written),
    }
}

/// Becomes a member, then reads what the reply shows: the log up to that commit, and who is there.
async fn enter(asker: &Asker, caller: &Caller, join: Join) -> Result<Entered, Error> {
    let limits = &asker.shared.limits;
    let Join { room, after, limit } = join;
    let joined = asker
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
        limit: clipped(limit, limits),
        bytes: limits.page_bytes,
    };
    let (page, members) = futures_util::future::try_join(
        asker.ask(log),
        asker.ask(online(caller.clone(), room, limits)),
    )
    .await?;
    Ok(Entered {
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

fn reply(id: u64, caller: &Caller, found: &Entered) -> Frame {
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
    asker: &Asker,
    caller: Caller,
    conn: Arc<Conn>,
    id: u64,
    room: RoomKey,
) -> Result<Answer, Error> {
    let user = caller.user.clone();
    let leave = LeaveRoom {
        caller,
        room: room.clone(),
    };
    let done = asker.ask(leave).await?;
    let body = Body::of(&DoneShape::from(done));
    let left = SayLeft {
        connection: conn.id,
        user,
        room,
        seq: done.seq,
        reply: wire::reply::ok(id, &body.0),
    };
    asker.plainly(left).await?;
    Ok(Answer::Written)
}

pub(super) async fn typing(
    asker: &Asker,
    caller: Caller,
    conn: Arc<Conn>,
    room: RoomKey,
    on: bool,
) -> Result<Answer, Error> {
    let types = Types {
        connection: conn.id,
        user: caller.user.clone(),
        room: room.clone(),
        on,
    };
    match asker.plainly(types).await? {
        Typing::Heard => Ok(Answer::Body(Body::of(&json!({})))),
        Typing::Muted => Err(Error::new(&MUTED)),
        Typing::NoMember => {
            // The hub knows no better; rooms says which refusal it is.
            let limits = &asker.shared.limits;
            asker.ask(online(caller, room, limits)).await?;
            Err(Error::new(&NO_SUCH_ROOM))
        }
    }
}
