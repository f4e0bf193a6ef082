//! The write jobs, most of them in their room's lane.

mod append;
mod clear_markers;
mod delete;
mod edit;
mod forget_messages;
mod mark_read;
mod message_target;
mod react;
mod send;
mod sweep_markers;

pub(crate) use clear_markers::ClearMarkersJob;
pub(crate) use delete::DeleteJob;
pub(crate) use edit::EditJob;
pub(crate) use forget_messages::ForgetMessagesJob;
pub(crate) use mark_read::MarkReadJob;
pub(crate) use react::ReactJob;
pub(crate) use send::SendJob;
pub(crate) use sweep_markers::SweepMarkersJob;
