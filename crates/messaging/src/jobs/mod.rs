//! The write jobs, most of them in their room's lane.

mod append;
mod clear;
mod delete;
mod edit;
mod forget;
mod mark;
mod react;
mod send;
mod sweep;
mod target;

pub(crate) use clear::ClearMarkersJob;
pub(crate) use delete::DeleteJob;
pub(crate) use edit::EditJob;
pub(crate) use forget::ForgetMessagesJob;
pub(crate) use mark::MarkReadJob;
pub(crate) use react::ReactJob;
pub(crate) use send::SendJob;
pub(crate) use sweep::SweepMarkersJob;
