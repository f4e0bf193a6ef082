//! Tasks of an extension.

use crate::Cx;
use std::future::Future;

/// Work that goes on beside the events, such as a report every minute.
pub trait Task: Send + Sync + 'static {
    /// Works until there is nothing left to do. If it fails or panics, it is run again after a pause;
    /// at the stop of the server it is dropped at its next await.
    fn run(&self, cx: &Cx) -> impl Future<Output = anyhow::Result<()>> + Send;
}
