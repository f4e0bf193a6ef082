//! The concurrent reads, each in one snapshot. History may be read on a replica if that has reached the
//! room's floor for the reader. The list of rooms is read on the primary: read markers are in no log, so
//! no floor covers them.

mod history;
mod last_message;
mod listing;
mod messages;
mod page;

use crate::Deps;
use crate::api::{
    HistoryPage, ListRooms, MessageInRoom, ReadHistory, ReadMessages, Refusal, RoomsPage,
};
use bus::{AskError, Clock, Reads, Request as _, TraceId};
use rooms::api::floor;
use std::sync::Arc;
use storage::Database;

/// Answers `history` and `rooms`.
pub struct Queries {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl Queries {
    /// Reads from the database in `deps`.
    #[must_use]
    pub fn new(deps: &Deps) -> Self {
        Self {
            database: deps.database.clone(),
            clock: Arc::clone(&deps.clock),
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
        let now = self.clock.wall_ms();
        let page = self
            .database
            .read(ListRooms::NAME, move |access| {
                Box::pin(listing::page(access, request, now))
            })
            .await?;
        Ok(Ok(page))
    }
}

impl Reads<ReadMessages> for Queries {
    async fn read(
        &self,
        request: ReadMessages,
        _trace: TraceId,
    ) -> Result<Result<Vec<MessageInRoom>, Refusal>, AskError> {
        let messages = self
            .database
            .read(ReadMessages::NAME, |access| {
                Box::pin(messages::read(access, request))
            })
            .await?;
        Ok(Ok(messages))
    }
}
