//! `Heads` and `RecentHeads`: how far the logs of all rooms reach, and of those written to lately.

use super::Queries;
use crate::api::{Heads, RecentHeads, Refusal, RoomHead};
use crate::store::heads;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Reads<Heads> for Queries {
    async fn read(
        &self,
        request: Heads,
        _trace: TraceId,
    ) -> Result<Result<Vec<RoomHead>, Refusal>, AskError> {
        let Heads { after, limit } = request;
        self.snapshot("rooms.heads", move |snapshot| {
            async move { heads::after(snapshot, after, limit).await.map(Ok) }.boxed()
        })
        .await
    }
}

impl Reads<RecentHeads> for Queries {
    async fn read(
        &self,
        _request: RecentHeads,
        _trace: TraceId,
    ) -> Result<Result<Vec<RoomHead>, Refusal>, AskError> {
        self.snapshot("rooms.recent_heads", |snapshot| {
            async move { heads::recent(snapshot).await.map(Ok) }.boxed()
        })
        .await
    }
}
