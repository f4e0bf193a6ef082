//! The commands of the protocol, one file each: its fields, what it costs, where it stands in line, and
//! what it does. Sockets and HTTP read and run the same ones.
//!
//! A new command is a file here and its line in [`Ops::builtin`]. `op/` says what a command is and reads
//! it from a frame; `parts/` is what several commands share.

mod ban;
mod delete;
mod dm;
mod edit;
mod foreign;
mod hello;
mod history;
mod invite;
mod join;
mod kick;
mod leave;
mod link_create;
mod link_info;
mod link_list;
mod link_revoke;
mod log;
mod logout;
mod members;
mod mute;
mod op;
mod parts;
mod ping;
mod presence;
mod profile_list;
mod profile_set;
mod react;
mod read;
mod role;
mod room_create;
mod room_list;
mod room_prefs;
mod room_update;
mod send;
mod session_list;
mod session_revoke;
mod typing;
mod unban;

pub use foreign::{
    ForeignCall, ForeignInput, ForeignOp, ForeignRefusal, InvalidField, ReadForeign,
};
pub(crate) use foreign::{extension_in, is_name_part, reserved_path};
#[cfg(test)]
pub(crate) use foreign::{sample, sample_ops};
pub use op::{Answerer, Body, Command, CommandFrame, Lane, Malformed, Op, OpError, Ops};
pub(crate) use op::{Authenticated, BusClient, CommandReply, Context};
pub(crate) use parts::Replay;

use crate::rate_limit::Cost;
use op::Run;
use parts::PAGE_ROWS;

impl Ops {
    /// The commands of the protocol.
    #[must_use]
    pub fn builtin() -> Self {
        let mut ops = Self::default();
        ops.add::<hello::Hello>()
            .add::<join::Join>()
            .add::<leave::Leave>()
            .add::<send::Send>()
            .add::<edit::Edit>()
            .add::<delete::Delete>()
            .add::<react::React>()
            .add::<log::Log>()
            .add::<history::History>()
            .add::<read::Read>()
            .add::<typing::Typing>()
            .add::<members::Members>()
            .add::<presence::Presence>()
            .add::<room_list::RoomList>()
            .add::<room_create::RoomCreate>()
            .add::<room_update::RoomUpdate>()
            .add::<room_prefs::RoomPrefs>()
            .add::<dm::Dm>()
            .add::<invite::Invite>()
            .add::<kick::Kick>()
            .add::<ban::Ban>()
            .add::<unban::Unban>()
            .add::<mute::Mute>()
            .add::<role::Role>()
            .add::<link_create::LinkCreate>()
            .add::<link_revoke::LinkRevoke>()
            .add::<link_list::LinkList>()
            .add::<link_info::LinkInfo>()
            .add::<profile_set::ProfileSet>()
            .add::<profile_list::ProfileList>()
            .add::<session_list::SessionList>()
            .add::<session_revoke::SessionRevoke>()
            .add::<logout::Logout>()
            .add::<ping::Ping>();
        ops
    }
}
