//! What the gateway's parts have in common.

use crate::Limits;
use crate::connection::Registry;
use crate::metrics::Metrics;
use crate::rate_limit::Buckets;
use crate::rejections::Rejections;
use bus::{Bus, Tasks};
use sessions::api::Online;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Handles, limits and the list of live sockets. No state of the chat: that is the hub's.
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) tasks: Tasks,
    pub(crate) limits: Limits,
    pub(crate) online: Online,
    pub(crate) sockets: Arc<Registry>,
    pub(crate) metrics: Metrics,
    /// What users and networks may still spend.
    pub(crate) buckets: Buckets,
    /// Refused requests on their way into the log.
    pub(crate) rejections: Arc<Rejections>,
    /// The line in which commands wait for their turn to enter the bus.
    pub(crate) bus_admission: Arc<Semaphore>,
}
