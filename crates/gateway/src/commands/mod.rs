//! The commands of the protocol, one file each: its fields, what it costs, where it stands in line, and
//! what it does. Sockets and HTTP read and run the same ones.
//!
//! A new command is a file here and its line in [`Ops::builtin`].

mod ban;
mod bus_client;
mod context;
mod delete;
mod dm;
mod edit;
mod frame;
mod hello;
mod history;
mod invite;
mod join;
mod kick;
mod leave;
mod log;
mod logout;
mod members;
mod moderation;
mod mute;
mod ops;
mod page;
mod ping;
mod presence;
mod react;
mod read;
mod replay;
mod reply;
mod role;
mod room_change;
mod room_create;
mod room_list;
mod room_update;
mod send;
mod session_list;
mod session_revoke;
mod typing;
mod unban;

pub(crate) use bus_client::BusClient;
pub(crate) use context::Context;
pub use frame::{CommandFrame, Malformed};
pub use ops::{Answerer, Command, Lane, Op, Ops};
pub(crate) use replay::Replay;
pub use reply::Body;
pub(crate) use reply::{Authenticated, CommandReply};

use crate::rate_limit::Cost;
use crate::wire::{Error, Fields};
use page::PAGE_ROWS;
use rooms::api::RoomKey;
use std::future::Future;

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
            .add::<dm::Dm>()
            .add::<invite::Invite>()
            .add::<kick::Kick>()
            .add::<ban::Ban>()
            .add::<unban::Unban>()
            .add::<mute::Mute>()
            .add::<role::Role>()
            .add::<session_list::SessionList>()
            .add::<session_revoke::SessionRevoke>()
            .add::<logout::Logout>()
            .add::<ping::Ping>();
        ops
    }
}

/// What a command says of itself, and what it does.
trait Run: Sized + Send + 'static {
    /// The `op` of its frames.
    const OP: &'static str;
    /// Which commands of the connection it waits for.
    const LANE: Lane;
    /// How many points it costs.
    const COST: Cost;
    /// Whether a connection may send it only after its first `hello`.
    const NEEDS_HELLO: bool = true;

    /// Declares its requests, so that a missing answerer stops the start.
    fn asks(builder: &mut bus::Builder);

    /// Reads it from its `d`; a refusal names the field.
    fn read(d: &Fields<'_>) -> Result<Self, Error>;

    /// The room whose commands it is ordered with.
    fn room(&self) -> Option<RoomKey>;

    /// Carries it out.
    fn run(self, context: Context) -> impl Future<Output = Result<CommandReply, Error>> + Send;
}
