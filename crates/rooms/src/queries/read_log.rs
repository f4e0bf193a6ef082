//! `ReadLog`: a page of a room's log.

use super::{Queries, QueryResult};
use crate::api::{Floor, LogPage, ReadLog, Refusal, Seq};
use crate::log_writer::permissions;
use crate::page;
use crate::store::entries::{self, FillFrom};
use crate::store::kind_filter::KindFilter;
use crate::store::members;
use crate::store::rooms::{self, Room};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::UserId;
use std::sync::Arc;
use storage::prelude::*;

impl Reads<ReadLog> for Queries {
    async fn read(
        &self,
        request: ReadLog,
        _trace: TraceId,
    ) -> Result<Result<LogPage, Refusal>, AskError> {
        let of = (request.room.clone(), request.reader);
        self.read_spread(
            "rooms.read_log",
            of,
            |snapshot| async move { read(snapshot, &request).await }.boxed(),
            is_recent,
        )
        .await
    }
}

fn is_recent(found: &Result<LogPage, Refusal>, floor: &Floor) -> bool {
    let seen = found.as_ref().map(|page| Floor {
        head: page.head,
        visible_from: page.visible_from,
    });
    seen.is_ok_and(|seen| floor.is_reached_by(&seen))
}

async fn read(access: &mut impl Access, request: &ReadLog) -> QueryResult<LogPage> {
    let Some(room) = rooms::find(access, &request.room).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let visible_from = match request.reader {
        None => room.kept_from,
        Some(user) => match visible_to(access, &room, user).await? {
            Ok(seq) => seq,
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    page_of(access, &room, visible_from, request).await.map(Ok)
}

async fn visible_to(access: &mut impl Access, room: &Room, user: UserId) -> QueryResult<Seq> {
    let member = members::find(access, room.info.id, user).await?;
    Ok(member
        .map(|member| permissions::visible_from(room, &member))
        .ok_or_else(|| permissions::not_a_member(room)))
}

async fn page_of(
    access: &mut impl Access,
    room: &Room,
    visible_from: Seq,
    request: &ReadLog,
) -> Result<LogPage, Fault> {
    let highest = request.upto.unwrap_or(room.head).min(room.head);
    let (lowest, from) = match request.after {
        None => (visible_from, FillFrom::Highest),
        Some(after) => (visible_from.max(after.saturating_add(1)), FillFrom::Lowest),
    };
    let limit = request.limit.max(1);
    let range = (lowest, highest);
    let found = entries::between(access, room.info.id, range, KindFilter::Any, from, limit).await?;
    let (entries, _) = page::truncate(found, from, limit, request.bytes);
    let reached = match from {
        FillFrom::Lowest => entries.last().map_or(highest, |last| last.seq) >= highest,
        FillFrom::Highest => entries.first().map_or(lowest, |first| first.seq) <= lowest,
    };
    Ok(LogPage {
        room: Arc::clone(&room.info),
        entries: entries.into_iter().map(Arc::new).collect(),
        head: room.head,
        visible_from,
        complete: reached,
    })
}
