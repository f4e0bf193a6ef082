//! `Heads` and `RecentHeads`: the last `seq` of all rooms, and of those written to lately.

use super::Queries;
use crate::api::{Heads, RecentHeads, Refusal, RoomId, RoomKey, Seq};
use crate::store::rooms;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Reads<Heads> for Queries {
    async fn read(
        &self,
        request: Heads,
        _trace: TraceId,
    ) -> Result<Result<Vec<(RoomId, RoomKey, Seq)>, Refusal>, AskError> {
        let Heads { after, limit } = request;
        self.snapshot("rooms.heads", move |snapshot| {
            async move { rooms::heads(snapshot, after, limit).await.map(Ok) }.boxed()
        })
        .await
    }
}

impl Reads<RecentHeads> for Queries {
    async fn read(
        &self,
        _request: RecentHeads,
        _trace: TraceId,
    ) -> Result<Result<Vec<(RoomId, RoomKey, Seq)>, Refusal>, AskError> {
        self.snapshot("rooms.recent_heads", |snapshot| {
            async move { rooms::recent_heads(snapshot).await.map(Ok) }.boxed()
        })
        .await
    }
}
