//! `Members`: who is in a room, and who of them is there.

use super::{Queries, QueryResult};
use crate::api::{Floor, Member, Members, MembersPage, Refusal, RoomId};
use crate::log_writer::permissions;
use crate::store::{members, people, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::{Online, UserId, directory};
use storage::prelude::*;

type Records = Vec<(UserId, members::MemberRecord)>;

/// Members read at once: of those online few are asked for, but they may be rare.
const AT_ONCE_MIN: usize = 32;
const AT_ONCE_MAX: usize = 1_000;

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
        let wanted = Wanted {
            online: self.online.clone(),
            now: (self.clock)(),
            after,
            limit: if request.online_only {
                limit.min(self.presence_max)
            } else {
                limit
            },
            request,
        };
        let asked = &wanted.request;
        let found = self.spread(
            "rooms.members",
            (asked.room.clone(), Some(asked.caller.user.id)),
            |snapshot| async move { read(snapshot, &wanted).await }.boxed(),
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
    expected: "the next of the page before",
};

#[derive(Clone)]
struct Wanted {
    request: Members,
    online: Online,
    now: i64,
    after: Option<UserId>,
    limit: usize,
}

async fn read(access: &mut impl Access, wanted: &Wanted) -> QueryResult<(MembersPage, Floor)> {
    let Some(room) = rooms::find(access, &wanted.request.room).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let (id, caller) = (room.info.id, wanted.request.caller.user.id);
    let Some(own) = members::find(access, id, caller).await? else {
        return Ok(Err(permissions::not_a_member(&room)));
    };
    let seen = Floor::of(&room, Some(&own));
    let (records, next) = wanted.page(access, id).await?;
    let ids: Vec<UserId> = records.iter().map(|(user, _)| *user).collect();
    let users = directory::by_id(access, &ids).await?;
    let members = records.into_iter().map(|(user, record)| Member {
        user: people::named(&users, user),
        role: record.role,
        online: wanted.shows(user, &record),
        muted_until: record.muted_until.filter(|until| *until > wanted.now),
    });
    let page = MembersPage {
        members: members.collect(),
        count: room.members,
        next,
    };
    Ok(Ok((page, seen)))
}

impl Wanted {
    /// This page, and the token of the next. Of a large room no more is read than it takes.
    async fn page(
        &self,
        access: &mut impl Access,
        room: RoomId,
    ) -> Result<(Records, Option<String>), Fault> {
        let at_once = (self.limit + 1).clamp(AT_ONCE_MIN, AT_ONCE_MAX);
        let (mut page, mut after) = (Records::new(), self.after);
        while page.len() <= self.limit {
            let records = members::page_after(access, room, after, at_once).await?;
            let were_all = records.len() < at_once;
            after = records.last().map(|(user, _)| *user);
            page.extend(
                records
                    .into_iter()
                    .filter(|(user, record)| self.is_asked_for(*user, record)),
            );
            if were_all {
                break;
            }
        }
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let last = page.last().map(|(user, _)| user.to_string());
        Ok((page, last.filter(|_| more)))
    }

    fn is_asked_for(&self, user: UserId, record: &members::MemberRecord) -> bool {
        !self.request.online_only || self.shows(user, record)
    }

    /// Whether someone shows as online. Who has not answered a direct room shows nothing there to
    /// the one who opened it.
    fn shows(&self, user: UserId, record: &members::MemberRecord) -> bool {
        let seen = record.answered || user == self.request.caller.user.id;
        seen && self.online.contains(user)
    }
}
