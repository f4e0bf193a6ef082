//! `Members`: who is in a room, and who of them is there.

use super::{Found, Reader};
use crate::api::{Member, Members, MembersPage, Refusal};
use crate::pen::rank;
use crate::store::{members, people, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::{Online, UserId, directory};
use storage::prelude::*;

type Seats = Vec<(UserId, members::Member)>;

impl Reads<Members> for Reader {
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
        self.snapshot("rooms.members", |snapshot| {
            async move { read(snapshot, &wanted).await }.boxed()
        })
        .await
    }
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

async fn read(access: &mut impl Access, wanted: &Wanted) -> Found<MembersPage> {
    let Some(room) = rooms::find(access, &wanted.request.room).await? else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let seats = members::all(access, room.face.id).await?;
    let caller = wanted.request.caller.user.id;
    if !seats.iter().any(|(user, _)| *user == caller) {
        return Ok(Err(rank::outsider(&room)));
    }
    let count = seats.len();
    let online = seats
        .iter()
        .filter(|(user, _)| wanted.online.contains(*user))
        .count();
    let (seats, next) = wanted.page(seats);
    let ids: Vec<UserId> = seats.iter().map(|(user, _)| *user).collect();
    let users = directory::by_id(access, &ids).await?;
    let members = seats.into_iter().map(|(user, seat)| Member {
        user: people::named(&users, user),
        role: seat.role,
        online: wanted.online.contains(user),
        muted_until: seat.muted_until.filter(|until| *until > wanted.now),
    });
    Ok(Ok(MembersPage {
        members: members.collect(),
        count: count.try_into().unwrap_or(u64::MAX),
        online: online.try_into().unwrap_or(u64::MAX),
        next,
    }))
}

impl Wanted {
    /// This page of all seats, and the token of the next.
    fn page(&self, seats: Seats) -> (Seats, Option<String>) {
        let online_only = self.request.online_only;
        let mut page: Seats = seats
            .into_iter()
            .filter(|(user, _)| self.after.is_none_or(|after| *user > after))
            .filter(|(user, _)| !online_only || self.online.contains(*user))
            .take(self.limit + 1)
            .collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let last = page.last().map(|(user, _)| user.to_string());
        (page, last.filter(|_| more))
    }
}
