//! `ReadableRooms`: the rooms whose logs a person may read.
//!
//! Always from the primary: a standby may not know yet that somebody was removed.

use super::{Queries, QueryResult};
use crate::api::{Readable, ReadableRoom, ReadableRooms, Refusal, RoomKey};
use crate::log_writer::permissions;
use crate::store::{members, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::{UserId, directory};
use std::sync::Arc;
use storage::prelude::*;

impl Reads<ReadableRooms> for Queries {
    async fn read(
        &self,
        request: ReadableRooms,
        _trace: TraceId,
    ) -> Result<Result<Readable, Refusal>, AskError> {
        self.snapshot("rooms.readable", move |snapshot| {
            async move { read(snapshot, &request).await }.boxed()
        })
        .await
    }
}

async fn read(access: &mut impl Access, request: &ReadableRooms) -> QueryResult<Readable> {
    let reader = request.caller.user.id;
    let rooms = match &request.room {
        Some(room) => match one(access, room, reader).await? {
            Ok(room) => vec![room],
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => all(access, reader).await?,
    };
    let author = match &request.author {
        Some(text) => match author(access, text).await? {
            None => return Ok(Err(Refusal::NoSuchUser)),
            found => found,
        },
        None => None,
    };
    Ok(Ok(Readable { rooms, author }))
}

async fn one(access: &mut impl Access, key: &RoomKey, reader: UserId) -> QueryResult<ReadableRoom> {
    let Some(room) = rooms::find(access, key).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let Some(member) = members::find(access, room.info.id, reader).await? else {
        return Ok(Err(permissions::not_a_member(&room)));
    };
    Ok(Ok(ReadableRoom {
        room: Arc::clone(&room.info),
        visible_from: permissions::visible_from(&room, &member),
    }))
}

async fn all(access: &mut impl Access, reader: UserId) -> Result<Vec<ReadableRoom>, Fault> {
    let memberships = members::of_users(access, &[reader]).await?;
    let ids = memberships.iter().map(|row| row.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    let readable = memberships.iter().filter_map(|row| {
        let room = rooms.get(&row.room)?;
        Some(ReadableRoom {
            room: Arc::clone(&room.info),
            visible_from: permissions::visible_from(room, &row.member),
        })
    });
    Ok(readable.collect())
}

async fn author(access: &mut impl Access, text: &str) -> Result<Option<UserId>, Fault> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let found = directory::resolve(access, text).await?;
    Ok(found.map(|user| user.id))
}
