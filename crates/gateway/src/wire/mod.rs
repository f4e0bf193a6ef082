//! The wire protocol `parlor.v1`: commands, replies, pushes and errors.
//!
//! Parses frames into typed commands and turns the domain's types into JSON. Nothing here makes
//! requests, waits or decides.

mod command;
mod entry;
mod error;
mod fields;
mod frame;
mod ids;
mod ops;
pub(crate) mod push;
pub(crate) mod reply;
mod shapes;
mod time;

pub use command::{Command, Hello};
pub(crate) use entry::EntryShape;
pub use error::*;
pub(crate) use fields::Fields;
pub use frame::{Malformed, Request, read};
pub use ids::Id;
pub use ops::{Answerer, Cost, Lane, OPS, Op};
pub use shapes::{CardShape, UserShape};
pub(crate) use shapes::{
    DoneShape, InvitationShape, MarkedShape, MemberShape, MessageShape, RoomShape, SentShape,
    SessionShape,
};
pub use time::Time;
