//! The tables of messaging and every query on them.

pub(crate) mod markers;
#[cfg(test)]
mod plans;
pub(crate) mod reactions;
pub(crate) mod states;
