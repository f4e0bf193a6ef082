//! messaging's own tables and every query on them.

pub(crate) mod markers;
pub(crate) mod reactions;
pub(crate) mod states;
