//! The wire protocol `parlor.v1`: commands, replies, pushes and errors.
//!
//! Reads the fields of commands and turns the domain's types into JSON. Nothing here makes requests,
//! waits or decides.

mod entry;
mod error;
mod error_kind;
mod fields;
mod ids;
mod limit_message;
pub(crate) mod push;
pub(crate) mod reply;
mod shapes;
mod time;

pub(crate) use entry::EntryShape;
pub use error::Error;
pub(crate) use error::spread;
pub use error_kind::*;
pub use fields::Fields;
pub(crate) use fields::INTEGER_MAX;
pub use ids::Id;
pub use shapes::{CardShape, UserShape};
pub(crate) use shapes::{
    DoneShape, InvitationShape, LinkShape, LinkedRoomShape, MarkedShape, MemberShape, MessageShape,
    PreferencesShape, ProfileShape, RoomShape, SentShape, SessionShape,
};
pub use time::Time;
