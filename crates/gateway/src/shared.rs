//! The handles that all parts of the gateway share.

use crate::Limits;
use crate::connection::{FanoutWriters, ForeignSockets, OpenSockets};
use crate::foreign_pushes::ForeignPushes;
use crate::metrics::Metrics;
use crate::rate_limit::Buckets;
use crate::rejections::Rejections;
use bus::{Bus, Tasks};
use parking_lot::RwLock;
use sessions::api::OnlineUsers;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Handles, limits and the open sockets. The state of the chat belongs to the hub.
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) tasks: Tasks,
    pub(crate) limits: Limits,
    /// A copy of who is online, which the hub keeps up to date.
    pub(crate) online: Arc<RwLock<OnlineUsers>>,
    pub(crate) sockets: Arc<OpenSockets>,
    /// The sockets of mounts.
    pub(crate) foreign_sockets: ForeignSockets,
    /// The threads that help the hub write.
    pub(crate) writers: FanoutWriters,
    pub(crate) metrics: Metrics,
    /// The rate limits of users and networks.
    pub(crate) buckets: Buckets,
    /// HTTP requests refused before authentication.
    pub(crate) rejections: Arc<Rejections>,
    /// Permits for writing commands to enter the bus, in the order in which they were read.
    pub(crate) bus_admission: Arc<Semaphore>,
    /// Pushes from outside that wait for the hub.
    pub(crate) foreign_pushes: ForeignPushes,
    /// Slots for connections within the process.
    pub(crate) local_slots: Arc<Semaphore>,
}
