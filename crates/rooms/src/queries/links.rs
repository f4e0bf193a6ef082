//! `Links` and `FindLink`: a room's links, and the room that a code opens.

use super::{Queries, QueryResult};
use crate::api::log;
use crate::api::{FindLink, Link, LinkedRoom, Links, Refusal, Role};
use crate::jobs::links::{find_working, link};
use crate::store::{links, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::{UserId, directory};
use std::collections::HashSet;
use storage::prelude::*;

impl Reads<Links> for Queries {
    async fn read(
        &self,
        request: Links,
        _trace: TraceId,
    ) -> Result<Result<Vec<Link>, Refusal>, AskError> {
        let now = self.clock.wall_ms();
        self.snapshot("rooms.links", move |snapshot| {
            async move { read(snapshot, &request, now).await }.boxed()
        })
        .await
    }
}

impl Reads<FindLink> for Queries {
    async fn read(
        &self,
        request: FindLink,
        _trace: TraceId,
    ) -> Result<Result<LinkedRoom, Refusal>, AskError> {
        let now = self.clock.wall_ms();
        self.snapshot("rooms.find_link", move |snapshot| {
            async move { linked_room(snapshot, &request, now).await }.boxed()
        })
        .await
    }
}

async fn read(access: &mut impl Access, request: &Links, now: i64) -> QueryResult<Vec<Link>> {
    let caller = request.caller.user.id;
    let standing = match log::standing(access, &request.room, caller).await? {
        Ok(standing) => standing,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let sees_all = standing.role >= Role::Moderator;
    let mut found = links::of_room(access, standing.room.id).await?;
    found.retain(|link| link.works(now) && (sees_all || link.by_id == caller));
    found.sort_unstable_by_key(|link| link.made_at);
    let makers: HashSet<UserId> = found.iter().map(|link| link.by_id).collect();
    let makers: Vec<UserId> = makers.into_iter().collect();
    let users = directory::by_id(access, &makers).await?;
    let listed: Result<Vec<Link>, Fault> =
        found.iter().map(|record| link(record, &users)).collect();
    listed.map(Ok)
}

async fn linked_room(
    access: &mut impl Access,
    request: &FindLink,
    now: i64,
) -> QueryResult<LinkedRoom> {
    let Some((id, _)) = find_working(access, &request.code, now).await? else {
        return Ok(Err(Refusal::NoSuchLink));
    };
    let found = rooms::by_ids(access, &HashSet::from([id])).await?;
    let room = found.get(&id).map(|room| LinkedRoom {
        room: room.info.key.clone(),
        title: room.info.title.clone(),
        members: room.members,
    });
    Ok(room.ok_or(Refusal::NoSuchLink))
}
