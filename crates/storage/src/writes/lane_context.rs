//! What a write lane works with.

use super::lane_executor::LaneExecutor;
use crate::backend::postgres::LockNumbers;
use crate::pool::ConnectionPool;
use bus::{Bus, Tasks};
use std::sync::Arc;
use std::time::Duration;

/// What all lanes of one open database share.
#[derive(Clone)]
pub(crate) struct LaneContext {
    pub(crate) bus: Bus,
    pub(crate) pool: Arc<ConnectionPool>,
    pub(crate) tasks: Tasks,
    pub(crate) executor: LaneExecutor,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_numbers: LockNumbers,
}
