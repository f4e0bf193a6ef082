//! `history`: a page of a room's messages as they are now, ascending.

use super::parts::page_limit;
use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, MessageShape};
use messaging::api::{Anchor, HistoryPage, ReadHistory};
use rooms::api::{RoomKey, Seq};
use serde::Serialize;

pub(super) struct History {
    room: RoomKey,
    anchor: Anchor,
    limit: Option<i64>,
}

impl Run for History {
    const OP: &'static str = "history";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Page;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<ReadHistory>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            anchor: anchor(d)?,
            limit: d.optional_integer("limit")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let limits = context.limits();
        let read = ReadHistory {
            caller: context.caller()?,
            room: self.room,
            anchor: self.anchor,
            limit: page_limit(self.limit, limits),
            bytes: limits.page_bytes,
        };
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&HistoryShape::from(&page)))
    }
}

fn anchor(d: &Fields<'_>) -> Result<Anchor, Error> {
    let given = [
        d.optional_integer("before")?.map(Anchor::Before),
        d.optional_integer("after")?.map(Anchor::After),
        d.optional_integer("around")?.map(Anchor::Around),
    ];
    let mut given = given.into_iter().flatten();
    let anchor = given.next().unwrap_or(Anchor::Newest);
    match (anchor, given.next()) {
        (anchor, None) => Ok(anchor),
        (_, Some(Anchor::After(_))) => Err(Error::field("after", ONE_ANCHOR)),
        (_, Some(_)) => Err(Error::field("around", ONE_ANCHOR)),
    }
}

const ONE_ANCHOR: &str = "please give at most one of before, after and around";

#[derive(Serialize)]
struct HistoryShape<'a> {
    messages: Vec<MessageShape<'a>>,
    more: bool,
    head: Seq,
}

impl<'a> From<&'a HistoryPage> for HistoryShape<'a> {
    fn from(page: &'a HistoryPage) -> Self {
        Self {
            messages: page.messages.iter().map(MessageShape::from).collect(),
            more: page.more,
            head: page.head,
        }
    }
}
