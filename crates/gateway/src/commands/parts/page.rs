//! How much of a list one reply holds, and who of a room is online.

use crate::Limits;
use crate::wire::UserShape;
use rooms::api::{Members, MembersPage, RoomKey};
use serde::Serialize;
use sessions::api::Caller;

/// Entries or messages of a page when the client gives no `limit`.
const DEFAULT: i64 = 50;
/// Most rooms, invitations, members or sessions of a page.
pub(in crate::commands) const PAGE_ROWS: usize = 100;

/// Returns how many entries or messages of a page a client gets.
pub(in crate::commands) fn page_limit(limit: Option<i64>, limits: &Limits) -> usize {
    let wanted = usize::try_from(limit.unwrap_or(DEFAULT)).unwrap_or(usize::MAX);
    wanted.clamp(1, limits.page_max)
}

/// The request for those who are online in a room, as `presence` and `join` show them.
pub(in crate::commands) fn online(caller: Caller, room: RoomKey, limits: &Limits) -> Members {
    Members {
        caller,
        room,
        after: None,
        limit: limits.page_max,
        online_only: true,
    }
}

/// `{"online":[user…],"count"}`, where `count` is that of all members online.
#[derive(Serialize)]
pub(in crate::commands) struct OnlineShape<'a> {
    online: Vec<UserShape<'a>>,
    count: u64,
}

impl<'a> From<&'a MembersPage> for OnlineShape<'a> {
    fn from(page: &'a MembersPage) -> Self {
        let people = page.members.iter().map(|member| &member.user);
        Self {
            online: people.map(UserShape::from).collect(),
            count: page.count,
        }
    }
}
