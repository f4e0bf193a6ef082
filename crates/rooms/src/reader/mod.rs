//! The concurrent answers: beside every queue, each of one snapshot.

mod heads;
mod log;
mod members;
mod memberships;

use crate::api::Refusal;
use crate::{Clock, Seed};
use bus::AskError;
use futures_util::future::BoxFuture;
use sessions::api::Online;
use storage::{Database, Fault, Reader as Snapshot};

/// Reads rooms, their logs and their members.
pub struct Reader {
    database: Database,
    online: Online,
    clock: Clock,
    presence_max: usize,
}

/// What a read finds, or why it may not look.
type Found<T> = Result<Result<T, Refusal>, Fault>;

impl Reader {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self {
            database: seed.database.clone(),
            online: seed.online.clone(),
            clock: seed.clock,
            presence_max: seed.settings.presence_max,
        }
    }

    async fn snapshot<T, W>(
        &self,
        operation: &'static str,
        work: W,
    ) -> Result<Result<T, Refusal>, AskError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Snapshot<'_>) -> BoxFuture<'r, Found<T>> + Clone + Send + 'static,
    {
        Ok(self.database.read(operation, work).await?)
    }
}
