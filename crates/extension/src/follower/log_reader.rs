//! Reads the logs of the rooms on behalf of followers.
//!
//! All followers together make one request at a time, to leave the connections to chat.

use anyhow::Context as _;
use bus::Bus;
use rooms::api::{FollowLog, FollowedPage, Heads, Refusal, RoomHead, RoomId, RoomKey, Seq};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The time limit of a request.
const WITHIN: Duration = Duration::from_secs(10);

/// The most bytes per page, and rooms per page of heads.
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_ROOMS: usize = 1_000;

/// Where the entries come from; shared by all followers.
#[derive(Clone)]
pub(crate) struct Source {
    /// Returns the epoch of the store that the rooms belong to.
    pub(crate) epoch: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whoever reads has the one permit.
    pub(crate) reading: Arc<Semaphore>,
}

/// Reads for one follower.
pub(crate) struct LogReader {
    pub(crate) source: Source,
    pub(crate) bus: Bus,
}

impl LogReader {
    /// Returns the epoch of the store that the rooms belong to.
    pub(crate) fn epoch(&self) -> String {
        (self.source.epoch)()
    }

    /// Returns a page of all rooms, those after `after`; none at the end.
    pub(crate) async fn heads(&self, after: Option<RoomId>) -> anyhow::Result<Vec<RoomHead>> {
        let heads = Heads {
            after,
            limit: PAGE_ROOMS,
        };
        let reading = self.permit().await?;
        let heads = self.bus.ask(heads, WITHIN).await;
        drop(reading);
        heads
            .context("reading the heads of all rooms")?
            .map_err(|refusal| refused(&refusal))
    }

    /// Returns at most `limit` entries of a room above a cursor.
    pub(crate) async fn page(
        &self,
        key: &RoomKey,
        after: Seq,
        limit: usize,
    ) -> anyhow::Result<FollowedPage> {
        let request = FollowLog {
            room: key.clone(),
            after,
            limit,
            bytes: PAGE_BYTES,
        };
        let reading = self.permit().await?;
        let page = self.bus.ask(request, WITHIN).await;
        drop(reading);
        page.context("reading a log")?
            .map_err(|refusal| refused(&refusal))
    }

    async fn permit(&self) -> anyhow::Result<SemaphorePermit<'_>> {
        let permit = self.source.reading.acquire().await;
        permit.context("nothing is read any more")
    }
}

/// Reports a refusal as an error: the server's own reads must not be refused.
fn refused(refusal: &Refusal) -> anyhow::Error {
    anyhow::anyhow!("refused: {refusal:?}")
}
