//! The follower: every entry of every room, in the room's order, however much was missed.

mod batch;
mod begin;
mod engine;
mod feed;
mod inbox;
mod jobs;
mod log_reader;
mod page;
mod progress;
mod rebuild;
mod rescan;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use engine::Engine;
pub(crate) use feed::Feed;
pub(crate) use inbox::{HeardEntries, Inbox};
pub(crate) use log_reader::Source;
pub use page::{Followed, Page};
pub(crate) use rebuild::RebuildAction;
pub(crate) use status::FollowerStatus;

use crate::Cx;
use rooms::api::{RoomInfo, Seq};
use std::future::{Future, ready};
use storage::{Fault, Writer};

/// What a follower sees of private and direct rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// The entries of all rooms, but texts only of public ones: of others, what people wrote, the
    /// reasons that they gave, their emojis, whom they mentioned, titles and topics are left out. A
    /// guard against mistakes.
    Public,
    /// Everything. `parlor check-config` tells the operator.
    All,
}

/// Where a follower begins: the first time, and whenever the rooms belong to another store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// With the first entry that each room still has.
    Beginning,
    /// With what comes from now on.
    Now,
}

/// Follows the logs of all rooms.
///
/// Pages arrive in the order of each room's log, without a gap and without a repeat as far as
/// [`apply`](Self::apply) is concerned: the cursors are in the extension's database and move in its
/// transaction. Rooms have no order among each other. What was missed, while the server or the
/// database was away, is read from the logs; only what retention or its author deleted meanwhile is
/// gone.
pub trait Follower: Send + Sync + 'static {
    /// What it sees of private and direct rooms.
    const SEES: Sees = Sees::Public;
    /// Where it begins.
    const FROM: StartFrom;

    /// Acts outside the extension's database. Called at least once for each page, before the cursor
    /// moves; after a failure or a crash, again. So whatever it does must be harmless to repeat, as
    /// a message with the same `cid` is. It may take 30 seconds. While it fails, the follower does not go
    /// on: `/health/NAME` shows why and where.
    fn act(&self, _page: &Page, _cx: &Cx) -> impl Future<Output = anyhow::Result<()>> + Send {
        ready(Ok(()))
    }

    /// Writes into the extension's database, exactly once for each page: in the transaction that
    /// moves the cursor. It may run again after a fault; then nothing of the earlier run stays.
    fn apply(
        &self,
        _page: &Page,
        _tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    /// Retention deleted the room's entries below `kept_from`: called exactly once for each time that
    /// the follower finds fewer, in a transaction of the follower's, before any page of entries that
    /// were read later.
    fn forgotten(
        &self,
        _room: &RoomInfo,
        _kept_from: Seq,
        _tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    /// The rooms belong to another store from now on: deletes everything that came from the old one.
    /// A statement may take two seconds; on PostgreSQL, `TRUNCATE` empties large tables in that time.
    fn reset(&self, tx: &mut Writer<'_>) -> impl Future<Output = Result<(), Fault>> + Send;
}
