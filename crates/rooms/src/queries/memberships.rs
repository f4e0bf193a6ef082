//! `Memberships`: all memberships of some users.

use super::{Queries, QueryResult};
use crate::api::{Membership, Memberships, Refusal};
use crate::store::{members, rooms};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use sessions::api::UserId;
use std::sync::Arc;
use storage::prelude::*;

impl Reads<Memberships> for Queries {
    async fn read(
        &self,
        request: Memberships,
        _trace: TraceId,
    ) -> Result<Result<Vec<Membership>, Refusal>, AskError> {
        self.snapshot("rooms.memberships", |snapshot| {
            async move { read(snapshot, &request.users).await }.boxed()
        })
        .await
    }
}

async fn read(access: &mut impl Access, users: &[UserId]) -> QueryResult<Vec<Membership>> {
    let rows = members::of_users(access, users).await?;
    let ids = rows.iter().map(|row| row.room).collect();
    let rooms = rooms::by_ids(access, &ids).await?;
    let memberships = rows.iter().filter_map(|row| {
        let room = rooms.get(&row.room)?;
        Some(Membership {
            user: row.user,
            room: Arc::clone(&room.info),
            role: row.member.role,
            head: room.head,
            visible_from: room.visible_from(row.member.joined_seq),
            answered: row.member.answered,
            muted_until: row.member.muted_until,
        })
    });
    Ok(Ok(memberships.collect()))
}
