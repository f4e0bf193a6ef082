//! The concurrent answers: beside every queue, each of one snapshot.

mod heads;
mod invitations;
mod log;
mod members;
mod memberships;

use crate::api::{Floor, Refusal, RoomKey, floor};
use crate::{Clock, Deps};
use bus::AskError;
use futures_util::future::BoxFuture;
use sessions::api::{Online, UserId};
use storage::{Database, Fault, Reader as Snapshot};

/// Reads rooms, their logs and their members.
pub struct Queries {
    database: Database,
    online: Online,
    clock: Clock,
    presence_max: usize,
}

/// What a read finds, or why it may not look.
type QueryResult<T> = Result<Result<T, Refusal>, Fault>;

impl Queries {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self {
            database: deps.database.clone(),
            online: deps.online.clone(),
            clock: deps.clock,
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

    /// The same for what is much to read of one room: on a replica, when what is found there is no
    /// older than where the room stands for this reader on the primary.
    async fn spread<T, W>(
        &self,
        operation: &'static str,
        (room, reader): (RoomKey, Option<UserId>),
        work: W,
        enough: fn(&Result<T, Refusal>, &Floor) -> bool,
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
            enough,
        );
        Ok(found.await?)
    }
}
