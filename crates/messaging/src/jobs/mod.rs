//! The writing side: one job per command, each in its room's lane.

mod clear;
mod delete;
mod edit;
mod forget;
mod mark;
mod pen;
mod react;
mod send;
mod sweep;
mod target;

pub(crate) use clear::Clearing;
pub(crate) use delete::Deleting;
pub(crate) use edit::Editing;
pub(crate) use forget::Forgetting;
pub(crate) use mark::Marking;
pub(crate) use react::Reacting;
pub(crate) use send::Sending;
pub(crate) use sweep::Sweeping;
