//! The tables of messaging and every query on them.

pub(crate) mod markers;
#[cfg(test)]
mod plans;
pub(crate) mod reactions;
pub(crate) mod states;

/// The tables of this crate; they refer to none.
pub const TABLES: &[storage::transfer::KnownTable] = &[
    states::MESSAGE_STATES,
    reactions::REACTIONS,
    markers::MARKERS,
];
