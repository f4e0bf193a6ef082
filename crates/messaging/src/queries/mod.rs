//! Queries: each read in one snapshot, beside every queue. History may be read on a replica,
//! when the room stands there where its reader sees it; the list of rooms, whose markers are in no
//! log, is not.

mod history;
mod listing;
mod page;

use crate::Deps;
use crate::api::{HistoryPage, ListRooms, ReadHistory, Refusal, RoomsPage};
use bus::{AskError, Reads, Request as _, TraceId};
use rooms::api::floor;
use storage::Database;

/// Answers `history` and `rooms`.
pub struct Queries {
    database: Database,
}

impl Queries {
    /// Reads from the deps's database.
    #[must_use]
    pub fn new(deps: &Deps) -> Self {
        Self {
            database: deps.database.clone(),
        }
    }
}

impl Reads<ReadHistory> for Queries {
    async fn read(
        &self,
        request: ReadHistory,
        _trace: TraceId,
    ) -> Result<Result<HistoryPage, Refusal>, AskError> {
        let (room, reader) = (request.room.clone(), Some(request.caller.user.id));
        let found = self.database.read_spread(
            ReadHistory::NAME,
            move |access| Box::pin(async move { floor(access, &room, reader).await }),
            |access| Box::pin(history::page(access, request)),
            history::is_recent,
        );
        Ok(found.await?.map(|(page, _)| page))
    }
}

impl Reads<ListRooms> for Queries {
    async fn read(
        &self,
        request: ListRooms,
        _trace: TraceId,
    ) -> Result<Result<RoomsPage, Refusal>, AskError> {
        let page = self
            .database
            .read(ListRooms::NAME, |access| {
                Box::pin(listing::page(access, request))
            })
            .await?;
        Ok(Ok(page))
    }
}
