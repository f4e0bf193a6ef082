//! `members`: a page of a room's members with their roles.

use super::{CommandReply, Context, Cost, Lane, PAGE_ROWS, Run};
use crate::wire::{Error, Fields, MemberShape};
use rooms::api::{self, MembersPage, RoomKey};
use serde::Serialize;

pub(super) struct Members {
    room: RoomKey,
    /// `next` of the page before.
    after: Option<String>,
}

impl Run for Members {
    const OP: &'static str = "members";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Page;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<api::Members>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            after: d.optional_string("after")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = api::Members {
            caller: context.caller()?,
            room: self.room,
            after: self.after,
            limit: PAGE_ROWS,
            online_only: false,
        };
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&MembersShape::from(&page)))
    }
}

#[derive(Serialize)]
struct MembersShape<'a> {
    members: Vec<MemberShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl<'a> From<&'a MembersPage> for MembersShape<'a> {
    fn from(page: &'a MembersPage) -> Self {
        Self {
            members: page.members.iter().map(MemberShape::from).collect(),
            next: page.next.as_deref(),
        }
    }
}
