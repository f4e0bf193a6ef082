//! The concurrent reads, each in one snapshot.

mod follow_log;
mod heads;
mod invitations;
mod links;
mod members;
mod memberships;
mod read_log;
mod readable;
mod standing_of;

use crate::Deps;
use crate::api::{Floor, Refusal, RoomKey, floor};
use bus::{AskError, Clock};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;
use sessions::api::{OnlineUsers, UserId};
use std::sync::Arc;
use storage::{Database, Fault, Reader as Snapshot};

/// Answers the concurrent requests: rooms, logs, members, memberships, rights, invitations, links.
pub struct Queries {
    database: Database,
    online: Arc<RwLock<OnlineUsers>>,
    clock: Arc<dyn Clock>,
    presence_max: usize,
}

/// The result of a read, or the refusal.
type QueryResult<T> = Result<Result<T, Refusal>, Fault>;

impl Queries {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self {
            database: deps.database.clone(),
            online: Arc::clone(&deps.online),
            clock: Arc::clone(&deps.clock),
            presence_max: deps.settings.presence_max,
        }
    }

    async fn snapshot<T, W>(
        &self,
        operation: &'static str,
        work: W,
    ) -> Result<Result<T, Refusal>, AskError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Snapshot<'_>) -> BoxFuture<'r, QueryResult<T>>
            + Clone
            + Send
            + 'static,
    {
        Ok(self.database.read(operation, work).await?)
    }

    /// Reads much of one room: on a replica if its result is as recent as the room's floor for this
    /// reader on the primary, else on the primary.
    async fn read_spread<T, W>(
        &self,
        operation: &'static str,
        (room, reader): (RoomKey, Option<UserId>),
        work: W,
        is_recent: fn(&Result<T, Refusal>, &Floor) -> bool,
    ) -> Result<Result<T, Refusal>, AskError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Snapshot<'_>) -> BoxFuture<'r, QueryResult<T>>
            + Clone
            + Send
            + 'static,
    {
        let found = self.database.read_spread(
            operation,
            move |snapshot| Box::pin(async move { floor(snapshot, &room, reader).await }),
            work,
            is_recent,
        );
        Ok(found.await?)
    }
}
