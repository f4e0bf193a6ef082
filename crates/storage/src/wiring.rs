//! What storage puts on the bus.

use crate::{DatabaseChanged, StoreEpochChanged};
use bus::Builder;

/// Declares the facts that databases publish, whoever subscribes to them.
pub fn wire(builder: &mut Builder) {
    builder
        .states::<DatabaseChanged>()
        .states::<StoreEpochChanged>();
}
