//! Who is a member of what.

use super::codes::Code as _;
use super::people;
use super::rows::{Column, Rows};
use super::schema::members;
use crate::api::{Role, RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

/// One membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// As what, without what a server administrator is besides.
    pub(crate) role: Role,
    /// The entry of joining, of the present stay.
    pub(crate) joined_seq: Seq,
    /// Muted until, ms since 1970; may have passed.
    pub(crate) muted_until: Option<i64>,
}

type Pair = (BigInt, Binary, SmallInt, BigInt, Nullable<BigInt>);

/// Those of these people who are members of these rooms, pair by pair. One query.
pub(crate) async fn of(
    access: &mut impl Access,
    pairs: &[(RoomId, UserId)],
) -> Result<HashMap<(RoomId, UserId), Member>, Fault> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(i64, Vec<u8>, i16, i64, Option<i64>)> =
        query!(access, |c| wanted(pairs).load(c))?;
    found
        .into_iter()
        .map(|(room, user, role, joined_seq, muted_until)| {
            let member = Member {
                role: Role::decode(role)?,
                joined_seq,
                muted_until,
            };
            Ok(((RoomId(room), people::id(&user)?), member))
        })
        .collect()
}

fn wanted(pairs: &[(RoomId, UserId)]) -> Rows<'_, Pair> {
    let rooms = pairs.iter().map(|(room, _)| room.0).collect();
    let users = pairs.iter().map(|(_, user)| &user.0[..]).collect();
    Rows::new(
        vec![
            ("room", Column::Numbers(rooms)),
            ("person", Column::Bytes(users)),
        ],
        "SELECT m.room_id, m.user_id, m.role, m.joined_seq, m.muted_until \
         FROM w JOIN members m ON m.room_id = w.room AND m.user_id = w.person",
    )
}

/// How one person stands in one room.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<Member>, Fault> {
    let row: Option<(i16, i64, Option<i64>)> = query!(access, |c| members::table
        .find((room.0, &user.0[..]))
        .select((members::role, members::joined_seq, members::muted_until))
        .first(c))
    .optional()?;
    let member = row.map(|(role, joined_seq, muted_until)| {
        Ok(Member {
            role: Role::decode(role)?,
            joined_seq,
            muted_until,
        })
    });
    member.transpose()
}
