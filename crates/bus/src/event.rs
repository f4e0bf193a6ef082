//! Events and their numbers.

/// The position of an event in the order of the bus, counted from 1 since the start.
pub type EventNumber = u64;

/// A fact: something that has happened, published by the crate that owns it.
pub trait Event: Send + Sync + 'static {
    /// Stable and unique: `crate.past_tense`, such as `rooms.entries_appended`.
    const NAME: &'static str;
}
