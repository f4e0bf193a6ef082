//! `log`: a page of a room's entries, ascending.

use super::parts::page_limit;
use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{EntryShape, Error, Fields};
use rooms::api::{LogPage, ReadLog, RoomKey, Seq};
use serde::Serialize;

pub(super) struct Log {
    room: RoomKey,
    after: Seq,
    limit: Option<i64>,
}

impl Run for Log {
    const OP: &'static str = "log";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Page;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<ReadLog>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            after: d.integer("after")?,
            limit: d.optional_integer("limit")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let limits = context.limits();
        let read = ReadLog {
            reader: Some(context.caller()?.user.id),
            room: self.room,
            after: Some(self.after),
            upto: None,
            limit: page_limit(self.limit, limits),
            bytes: limits.page_bytes,
        };
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&LogShape::from(&page)))
    }
}

#[derive(Serialize)]
struct LogShape<'a> {
    entries: Vec<EntryShape<'a>>,
    head: Seq,
}

impl<'a> From<&'a LogPage> for LogShape<'a> {
    fn from(page: &'a LogPage) -> Self {
        let entries = page.entries.iter().map(|entry| EntryShape::from(&**entry));
        Self {
            entries: entries.collect(),
            head: page.head,
        }
    }
}
