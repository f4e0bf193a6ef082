//! What an event is.

/// The place of an event in the one order of the bus, counted from 1 since the start.
pub type EventNumber = u64;

/// A fact of the past, stated by the crate that owns it and seen by whoever subscribes.
pub trait Event: Send + Sync + 'static {
    /// Stable, unique, `crate.past_tense`: `rooms.entries_appended`.
    const NAME: &'static str;
}
