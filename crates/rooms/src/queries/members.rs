//! `Members`: the members of a room, and which of them are online.

use super::{Queries, QueryResult};
use crate::api::{Floor, Member, Members, MembersPage, Refusal, RoomId};
use crate::log_writer::permissions;
use crate::store::{members, people, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use parking_lot::RwLock;
use sessions::api::{OnlineUsers, UserId, directory};
use std::sync::Arc;
use storage::prelude::*;

type Records = Vec<(UserId, members::MemberRecord)>;

/// The bounds for the number of members read in one query. A page of online members is small, but they
/// may be rare among all members.
const QUERY_MIN: usize = 32;
const QUERY_MAX: usize = 1_000;

impl Reads<Members> for Queries {
    async fn read(
        &self,
        request: Members,
        _trace: TraceId,
    ) -> Result<Result<MembersPage, Refusal>, AskError> {
        let after = request.after.as_deref().map(str::parse::<UserId>);
        let Ok(after) = after.transpose() else {
            return Ok(Err(BAD_AFTER));
        };
        let limit = request.limit.max(1);
        let query = MembersQuery {
            online: Arc::clone(&self.online),
            now: self.clock.wall_ms(),
            after,
            limit: if request.online_only {
                limit.min(self.presence_max)
            } else {
                limit
            },
            request,
        };
        let asked = &query.request;
        let found = self.read_spread(
            "rooms.members",
            (asked.room.clone(), Some(asked.caller.user.id)),
            |snapshot| async move { read(snapshot, &query).await }.boxed(),
            is_recent,
        );
        Ok(found.await?.map(|(page, _)| page))
    }
}

fn is_recent(found: &Result<(MembersPage, Floor), Refusal>, floor: &Floor) -> bool {
    found
        .as_ref()
        .is_ok_and(|(_, seen)| floor.is_reached_by(seen))
}

const BAD_AFTER: Refusal = Refusal::BadRequest {
    field: "after",
    expected: "must be the `next` of the previous page",
};

#[derive(Clone)]
struct MembersQuery {
    request: Members,
    online: Arc<RwLock<OnlineUsers>>,
    now: i64,
    after: Option<UserId>,
    limit: usize,
}

async fn read(access: &mut impl Access, query: &MembersQuery) -> QueryResult<(MembersPage, Floor)> {
    let Some(room) = rooms::find(access, &query.request.room).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let (id, caller) = (room.info.id, query.request.caller.user.id);
    let Some(own) = members::find(access, id, caller).await? else {
        return Ok(Err(permissions::not_a_member(&room)));
    };
    let seen = Floor::of(&room, Some(&own));
    let (records, next) = query.page(access, id).await?;
    let ids: Vec<UserId> = records.iter().map(|(user, _)| *user).collect();
    let users = directory::by_id(access, &ids).await?;
    let members = records.into_iter().map(|(user, record)| Member {
        user: people::named(&users, user),
        role: record.role,
        online: query.shows(user, &record),
        muted_until: record.muted_until.filter(|until| *until > query.now),
    });
    let page = MembersPage {
        members: members.collect(),
        count: room.members,
        next,
    };
    Ok(Ok((page, seen)))
}

impl MembersQuery {
    /// Reads this page and the token of the next one. Reads no more of a large room than that takes.
    async fn page(
        &self,
        access: &mut impl Access,
        room: RoomId,
    ) -> Result<(Records, Option<String>), Fault> {
        let batch = (self.limit + 1).clamp(QUERY_MIN, QUERY_MAX);
        let (mut page, mut after) = (Records::new(), self.after);
        while page.len() <= self.limit {
            let records = members::page_after(access, room, after, batch).await?;
            let is_last = records.len() < batch;
            after = records.last().map(|(user, _)| *user);
            page.extend(
                records
                    .into_iter()
                    .filter(|(user, record)| self.matches(*user, record)),
            );
            if is_last {
                break;
            }
        }
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let last = page.last().map(|(user, _)| user.to_string());
        Ok((page, last.filter(|_| more)))
    }

    fn matches(&self, user: UserId, record: &members::MemberRecord) -> bool {
        !self.request.online_only || self.shows(user, record)
    }

    /// Returns whether a member shows as online. Someone who has not answered a direct room does not show
    /// as online to its opener.
    fn shows(&self, user: UserId, record: &members::MemberRecord) -> bool {
        let seen = record.answered || user == self.request.caller.user.id;
        seen && self.online.read().contains(user)
    }
}
