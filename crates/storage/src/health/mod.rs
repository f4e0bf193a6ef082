//! The state of each database, what it did, and what operators see of that.

mod clock_watch;
mod counters;
mod durability;
mod histogram;
mod lane_blocked;
mod last_error;
mod metrics;
mod operator;
mod ping;
mod probe;
mod refusals;
mod shared_state;
mod state;
mod store_info;

pub use clock_watch::{ClockTrust, ClockWatch};
pub(crate) use counters::{Counters, count};
pub(crate) use durability::Alarm;
pub use durability::{DurabilityLossKind, DurabilityLost};
pub use histogram::HistogramSnapshot;
pub(crate) use lane_blocked::LaneBlocked;
pub(crate) use last_error::LastError;
pub use metrics::{DatabaseMetrics, LaneMetrics, PoolMetrics, ReplicaMetrics};
pub(crate) use operator::{DatabaseActions, DatabasesProbe, PoolProbe};
pub(crate) use ping::{LIMIT, ask, ping};
pub(crate) use probe::StateProbe;
pub(crate) use shared_state::SharedState;
pub(crate) use state::StateTracker;
pub use state::{DatabaseChanged, DatabaseState};
pub use store_info::StoreEpochChanged;
pub(crate) use store_info::{StoreInfo, postgres_info, publish_changes, sqlite_info};
