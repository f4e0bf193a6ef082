//! `rooms`: one's own rooms, or all public ones.

use super::{CommandReply, Context, Cost, Lane, PAGE_ROWS, Run};
use crate::wire::{Error, Fields, InvitationShape, RoomShape};
use messaging::api::{ListRooms, RoomsPage};
use rooms::api::RoomKey;
use serde::Serialize;

pub(super) struct RoomList {
    all: bool,
    /// `next` of the page before.
    after: Option<String>,
}

impl Run for RoomList {
    const OP: &'static str = "rooms";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<ListRooms>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            all: d.optional_flag("all")?.unwrap_or(false),
            after: d.optional_string("after")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = ListRooms {
            caller: context.caller()?,
            all: self.all,
            after: self.after,
            limit: PAGE_ROWS,
        };
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&RoomListShape::from(&page)))
    }
}

#[derive(Serialize)]
struct RoomListShape<'a> {
    rooms: Vec<RoomShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitations: Option<Vec<InvitationShape<'a>>>,
}

impl<'a> From<&'a RoomsPage> for RoomListShape<'a> {
    fn from(page: &'a RoomsPage) -> Self {
        let invitations = page.invitations.as_ref();
        Self {
            rooms: page.rooms.iter().map(RoomShape::from).collect(),
            next: page.next.as_deref(),
            invitations: invitations.map(|all| all.iter().map(InvitationShape::from).collect()),
        }
    }
}
