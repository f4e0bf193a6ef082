//! `FollowLog`: the page of a log above a follower's cursor.
//!
//! Always from the primary: a standby may be behind, and its page would claim to be complete without
//! the newest entries.

use super::{Queries, QueryResult};
use crate::api::{FollowLog, FollowedPage, Refusal};
use crate::page;
use crate::store::entries::{self, FillFrom};
use crate::store::kind_filter::KindFilter;
use crate::store::rooms;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use std::sync::Arc;
use storage::prelude::*;

/// The maximum number of entries on a page, whatever the follower asks for: all are in memory at once.
const ENTRIES_MAX: usize = 1_000;

impl Reads<FollowLog> for Queries {
    async fn read(
        &self,
        request: FollowLog,
        _trace: TraceId,
    ) -> Result<Result<FollowedPage, Refusal>, AskError> {
        self.snapshot("rooms.follow_log", move |snapshot| {
            async move { read(snapshot, &request).await }.boxed()
        })
        .await
    }
}

async fn read(access: &mut impl Access, request: &FollowLog) -> QueryResult<FollowedPage> {
    let Some(room) = rooms::find(access, &request.room).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let lowest = room.kept_from.max(request.after.saturating_add(1));
    let limit = request.limit.clamp(1, ENTRIES_MAX);
    let (id, range) = (room.info.id, (lowest, room.head));
    let from = FillFrom::Lowest;
    let found = entries::between(access, id, range, KindFilter::Any, from, limit).await?;
    let (entries, _) = page::truncate(found, from, limit, request.bytes);
    let reached = entries.last().map_or(room.head, |last| last.seq);
    Ok(Ok(FollowedPage {
        room: Arc::clone(&room.info),
        entries: entries.into_iter().map(Arc::new).collect(),
        head: room.head,
        kept_from: room.kept_from,
        epoch: storage::epoch(access).await?,
        complete: reached >= room.head,
    }))
}
