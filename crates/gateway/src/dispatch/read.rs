//! Reading commands, which run beside all writes; each sees one snapshot.

use super::{Body, BusClient};
use crate::Limits;
use crate::wire::{
    Command, EntryShape, Error, Id, InvitationShape, MemberShape, MessageShape, RoomShape,
    SessionShape, UNKNOWN_OP, UserShape,
};
use messaging::api::{HistoryPage, ListRooms, ReadHistory, RoomsPage};
use rooms::api::{LogPage, Members, MembersPage, ReadLog, Seq};
use serde::Serialize;
use sessions::api::{Caller, ListSessions, SessionId, SessionsPage};

/// Entries or messages per page when the client gives no limit.
const PAGE: i64 = 50;
/// Rooms, invitations, members or sessions per page.
pub(super) const PAGE_ROWS: usize = 100;

/// Returns the entries or messages per page for the client's `limit`.
pub(super) fn page_limit(limit: Option<i64>, limits: &Limits) -> usize {
    let wanted = usize::try_from(limit.unwrap_or(PAGE)).unwrap_or(usize::MAX);
    wanted.clamp(1, limits.page_max)
}

pub(super) async fn read(bus: &BusClient, caller: Caller, command: Command) -> Result<Body, Error> {
    let limits = &bus.shared.limits;
    match command {
        Command::Log { room, after, limit } => {
            let read = ReadLog {
                reader: Some(caller.user.id),
                room,
                after: Some(after),
                upto: None,
                limit: page_limit(limit, limits),
                bytes: limits.page_bytes,
            };
            Ok(log(&bus.ask(read).await?))
        }
        Command::History {
            room,
            anchor,
            limit,
        } => {
            let read = ReadHistory {
                caller,
                room,
                anchor,
                limit: page_limit(limit, limits),
                bytes: limits.page_bytes,
            };
            Ok(history(&bus.ask(read).await?))
        }
        Command::Members { room, after } => {
            let read = Members {
                caller,
                room,
                after,
                limit: PAGE_ROWS,
                online_only: false,
            };
            Ok(members(&bus.ask(read).await?))
        }
        Command::Presence { room } => {
            let read = online(caller, room, limits);
            let page = bus.ask(read).await?;
            Ok(Body::of(&presence(&page)))
        }
        Command::Rooms { all, after } => {
            let read = ListRooms {
                caller,
                all,
                after,
                limit: PAGE_ROWS,
            };
            Ok(rooms(&bus.ask(read).await?))
        }
        Command::Sessions { after } => {
            let read = ListSessions {
                caller,
                after,
                limit: PAGE_ROWS,
            };
            Ok(sessions(&bus.ask(read).await?))
        }
        _ => Err(Error::new(&UNKNOWN_OP)),
    }
}

/// Requests the members who are online, for `presence` and `join`.
pub(super) fn online(caller: Caller, room: rooms::api::RoomKey, limits: &Limits) -> Members {
    Members {
        caller,
        room,
        after: None,
        limit: limits.page_max,
        online_only: true,
    }
}

/// The shape of `{"online":[user…],"count"}`.
#[derive(Serialize)]
pub(super) struct PresenceShape<'a> {
    online: Vec<UserShape<'a>>,
    count: u64,
}

pub(super) fn presence(page: &MembersPage) -> PresenceShape<'_> {
    let people = page.members.iter().map(|member| &member.user);
    PresenceShape {
        online: people.map(UserShape::from).collect(),
        count: page.count,
    }
}

#[derive(Serialize)]
struct LogShape<'a> {
    entries: Vec<EntryShape<'a>>,
    head: Seq,
}

fn log(page: &LogPage) -> Body {
    let entries = page.entries.iter().map(|entry| EntryShape::from(&**entry));
    Body::of(&LogShape {
        entries: entries.collect(),
        head: page.head,
    })
}

#[derive(Serialize)]
struct HistoryShape<'a> {
    messages: Vec<MessageShape<'a>>,
    more: bool,
    head: Seq,
}

fn history(page: &HistoryPage) -> Body {
    Body::of(&HistoryShape {
        messages: page.messages.iter().map(MessageShape::from).collect(),
        more: page.more,
        head: page.head,
    })
}

#[derive(Serialize)]
struct MembersShape<'a> {
    members: Vec<MemberShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

fn members(page: &MembersPage) -> Body {
    Body::of(&MembersShape {
        members: page.members.iter().map(MemberShape::from).collect(),
        next: page.next.as_deref(),
    })
}

#[derive(Serialize)]
struct RoomsShape<'a> {
    rooms: Vec<RoomShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitations: Option<Vec<InvitationShape<'a>>>,
}

fn rooms(page: &RoomsPage) -> Body {
    let invitations = page.invitations.as_ref();
    Body::of(&RoomsShape {
        rooms: page.rooms.iter().map(RoomShape::from).collect(),
        next: page.next.as_deref(),
        invitations: invitations.map(|all| all.iter().map(InvitationShape::from).collect()),
    })
}

#[derive(Serialize)]
struct SessionsShape<'a> {
    sessions: Vec<SessionShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id<SessionId>>,
}

fn sessions(page: &SessionsPage) -> Body {
    Body::of(&SessionsShape {
        sessions: page.lines.iter().map(SessionShape::from).collect(),
        next: page.next.map(Id),
    })
}
