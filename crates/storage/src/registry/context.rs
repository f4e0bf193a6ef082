//! What a database keeps from its registration to the end of the process.

use crate::health::SharedState;
use bus::{Bus, Tasks};

/// Where a database publishes and spawns, and the state that outlives each opening. Cheap to clone.
#[derive(Clone)]
pub(crate) struct DatabaseContext {
    pub(crate) bus: Bus,
    pub(crate) tasks: Tasks,
    pub(crate) shared: SharedState,
}
