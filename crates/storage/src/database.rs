//! One named database.

use crate::{Fault, Job, Reader, StorageError};
use bus::{Origin, Reply};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// A cheap handle on one named database: its one pool and its write lanes.
#[derive(Clone)]
pub struct Database {
    _private: (),
}

impl Database {
    /// Its name: `core`.
    #[must_use]
    pub fn name(&self) -> &str {
        unimplemented!()
    }

    /// Reads within one read-only snapshot, on a pooled connection, in a task of its own: dropping
    /// this future ends the waiting, never the query.
    pub async fn read<T, W>(&self, _operation: &'static str, _work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        unimplemented!()
    }

    /// Hands a job and the asker it answers to the write lane. Never waits: the reply holds a
    /// credit, and credits bound the queue.
    pub fn submit<J: Job>(&self, _job: J, _reply: Reply<Result<J::Answer, J::Refusal>>) {
        unimplemented!()
    }

    /// Hands over a job that nobody waits for; what it states rides on `origin`.
    pub fn submit_from<J: Job>(&self, _job: J, _origin: &Origin) {
        unimplemented!()
    }

    /// Hands over a job and waits for its end, for tasks and isolated subscribers: never from the
    /// handler of an essential subscriber. Its facts take a credit of their own.
    pub async fn write<J: Job>(
        &self,
        _job: J,
        _within: Duration,
    ) -> Result<Result<J::Answer, J::Refusal>, StorageError> {
        unimplemented!()
    }

    /// The store's epoch: random, stored with the data, joined on PostgreSQL with the timeline.
    #[must_use]
    pub fn epoch(&self) -> String {
        unimplemented!()
    }

    /// What an acknowledgement survives: `power` or `process`.
    #[must_use]
    pub fn durability(&self) -> &'static str {
        unimplemented!()
    }
}
