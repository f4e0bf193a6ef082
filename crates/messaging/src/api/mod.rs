//! The public API: requests, their answers, events.

mod facts;
mod message;
mod requests;

pub use facts::MarkerMoved;
pub use message::{LastMessage, Message, Reaction};
pub use requests::{
    Anchor, DeleteMessage, EditMessage, HistoryPage, ListRooms, MarkRead, Marked, MessageInRoom,
    React, ReadHistory, ReadMessages, RoomSummary, RoomsPage, SendMessage, Sent,
};
pub use rooms::api::{Done, Refusal};
