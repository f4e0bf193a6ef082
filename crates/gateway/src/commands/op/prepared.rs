//! A command whose fields have been read.

use super::{CommandReply, Context};
use crate::wire::Error;
use futures_util::future::BoxFuture;
use rooms::api::RoomKey;

/// What is left of a command once its fields have been read.
pub(super) struct Prepared {
    /// The room whose commands it is ordered with.
    pub(super) room: Option<RoomKey>,
    /// Carries it out.
    pub(super) run: Box<dyn FnOnce(Context) -> Running + Send>,
}

/// A command that is being carried out.
type Running = BoxFuture<'static, Result<CommandReply, Error>>;
