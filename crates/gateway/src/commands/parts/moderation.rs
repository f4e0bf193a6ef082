//! What `invite`, `kick`, `ban`, `unban`, `mute` and `role` have in common: one member acts on another
//! user of the room.

use crate::commands::op::{CommandReply, Context};
use crate::wire::{DoneShape, Error, Fields};
use rooms::api::{Moderate, Moderation, RoomKey};

/// On whom, where and why.
pub(in crate::commands) struct Subject {
    pub(in crate::commands) room: RoomKey,
    /// An id or `@name`.
    user: String,
    reason: Option<String>,
}

impl Subject {
    pub(in crate::commands) fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            user: d.string("user")?,
            reason: d.optional_string("reason")?,
        })
    }

    /// Acts on them.
    pub(in crate::commands) async fn act(
        self,
        what: Moderation,
        context: Context,
    ) -> Result<CommandReply, Error> {
        let moderate = Moderate {
            caller: context.caller()?,
            room: self.room,
            user: self.user,
            what,
            reason: self.reason,
        };
        let done = context.ask(moderate).await?;
        Ok(CommandReply::of(&DoneShape::from(done)))
    }
}
