//! The reading side: each read in one snapshot, beside every queue. History may be read on a replica,
//! when the room stands there where its reader sees it; the list of rooms, whose markers are in no
//! log, is not.

mod history;
mod listing;
mod page;

use crate::Seed;
use crate::api::{History, HistoryPage, ListRooms, Refusal, RoomsPage};
use bus::{AskError, Reads, Request as _, TraceId};
use rooms::api::floor;
use storage::Database;

/// Answers `history` and `rooms`.
pub struct Reader {
    database: Database,
}

impl Reader {
    /// Reads from the seed's database.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        Self {
            database: seed.database.clone(),
        }
    }
}

impl Reads<History> for Reader {
    async fn read(
        &self,
        request: History,
        _trace: TraceId,
    ) -> Result<Result<HistoryPage, Refusal>, AskError> {
        let (room, reader) = (request.room.clone(), Some(request.caller.user.id));
        let found = self.database.read_spread(
            History::NAME,
            move |access| Box::pin(async move { floor(access, &room, reader).await }),
            |access| Box::pin(history::page(access, request)),
            history::is_recent,
        );
        Ok(found.await?.map(|(page, _)| page))
    }
}

impl Reads<ListRooms> for Reader {
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
