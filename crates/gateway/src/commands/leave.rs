//! `leave`: ends a membership, or declines an invitation.

use super::{Body, CommandReply, Context, Cost, Lane, Run};
use crate::hub::SendLeaveReply;
use crate::wire::{self, DoneShape, Error, Fields};
use rooms::api::{LeaveRoom, RoomKey};

pub(super) struct Leave {
    room: RoomKey,
}

impl Run for Leave {
    const OP: &'static str = "leave";
    const LANE: Lane = Lane::Steps;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<LeaveRoom>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self { room: d.room()? })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    /// The hub writes the reply, after the last push of the room; over HTTP there are no pushes.
    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let caller = context.caller()?;
        let user = caller.user.clone();
        let leave = LeaveRoom {
            caller,
            room: self.room.clone(),
        };
        let done = context.ask(leave).await?;
        let body = Body::of(&DoneShape::from(done));
        let Some(connection) = context.conn.as_ref().map(|conn| conn.id) else {
            return Ok(CommandReply::Body(body));
        };
        let left = SendLeaveReply {
            connection,
            user,
            room: self.room,
            seq: done.seq,
            reply: wire::reply::ok(context.id, &body.0),
        };
        context.ask_infallible(left).await?;
        Ok(CommandReply::Sent)
    }
}
