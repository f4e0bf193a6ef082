//! Links by which people join a room.

mod code;
mod create;
mod revoke;

pub(crate) use code::code_hash;
pub(crate) use create::{CreateLinkJob, LinkSeed};
pub(crate) use revoke::RevokeLinkJob;

use super::{Outcome, refuse};
use crate::api::{Link, LinkCode, LinkId, Refusal, RoomId};
use crate::store::links::{self, LinkRecord};
use crate::store::people;
use sessions::api::{User, UserId, directory};
use std::collections::HashMap;
use storage::prelude::*;

/// Returns the link with this code if it works: the right to give it ended neither with the right in the
/// room, which the table knows, nor with its maker.
pub(crate) async fn find_working(
    access: &mut impl Access,
    code: &LinkCode,
    now: i64,
) -> Result<Option<(RoomId, LinkRecord)>, Fault> {
    let found = links::by_code(access, code_hash(code)).await?;
    let Some((room, link)) = found.filter(|(_, link)| link.works(now)) else {
        return Ok(None);
    };
    let maker = [link.by_id];
    let lives = directory::living(access, &maker).await?.contains(&maker[0]);
    Ok(lives.then_some((room, link)))
}

/// Returns the working link with this code, or refuses if it is not one of this room.
pub(super) async fn must_open(
    tx: &mut Writer<'_>,
    code: &LinkCode,
    room: RoomId,
    now: i64,
) -> Outcome<LinkRecord> {
    let found = find_working(tx, code, now).await?;
    let link = found.filter(|(of, _)| *of == room).map(|(_, link)| link);
    link.ok_or_else(|| refuse(Refusal::NoSuchLink))
}

/// Turns a row into a link.
pub(crate) fn link(record: &LinkRecord, users: &HashMap<UserId, User>) -> Result<Link, Fault> {
    let id = record.id.as_slice().try_into();
    Ok(Link {
        id: LinkId(id.map_err(|_| anyhow::anyhow!("a link's id is not 16 bytes long"))?),
        by: people::named(users, record.by_id),
        at: record.made_at,
        uses: record.uses,
        used: record.used,
        until_ms: record.until_ms,
    })
}
