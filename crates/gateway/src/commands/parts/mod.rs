//! What several commands share.

mod moderation;
mod page;
mod replay;
mod room_change;

pub(in crate::commands) use moderation::Subject;
pub(in crate::commands) use page::{OnlineShape, PAGE_ROWS, online, page_limit};
pub(crate) use replay::Replay;
pub(in crate::commands) use room_change::{history, kind, reply};
