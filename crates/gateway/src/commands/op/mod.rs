//! What a command is: the table of all, how one is read, what it runs with, what it returns.

mod bus_client;
mod context;
mod foreign_reader;
mod frame;
mod ops;
mod prepared;
mod reply;
#[cfg(test)]
mod tests;

pub(crate) use bus_client::BusClient;
pub(crate) use context::Context;
pub use frame::{CommandFrame, Malformed};
pub use ops::{Answerer, Command, Lane, Op, OpError, Ops};
pub use reply::Body;
pub(crate) use reply::{Authenticated, CommandReply};

use crate::rate_limit::Cost;
use crate::wire::{Error, Fields};
use rooms::api::RoomKey;
use std::future::Future;

/// What a command says of itself, and what it does.
pub(crate) trait Run: Sized + Send + 'static {
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
