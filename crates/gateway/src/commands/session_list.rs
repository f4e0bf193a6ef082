//! `sessions`: one's own sessions on all devices, newest first.

use super::{CommandReply, Context, Cost, Lane, PAGE_ROWS, Run};
use crate::wire::{Error, Fields, Id, SessionShape};
use rooms::api::RoomKey;
use serde::Serialize;
use sessions::api::{ListSessions, SessionId, SessionsPage};

pub(super) struct SessionList {
    /// `next` of the page before.
    after: Option<String>,
}

impl Run for SessionList {
    const OP: &'static str = "sessions";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<ListSessions>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            after: d.optional_string("after")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = ListSessions {
            caller: context.caller()?,
            after: self.after,
            limit: PAGE_ROWS,
        };
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&SessionListShape::from(&page)))
    }
}

#[derive(Serialize)]
struct SessionListShape<'a> {
    sessions: Vec<SessionShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id<SessionId>>,
}

impl<'a> From<&'a SessionsPage> for SessionListShape<'a> {
    fn from(page: &'a SessionsPage) -> Self {
        Self {
            sessions: page.sessions.iter().map(SessionShape::from).collect(),
            next: page.next.map(Id),
        }
    }
}
