//! Queries on profiles and pictures.

use super::schema::{pictures, profiles, users};
use super::users::UserRow;
use crate::api::{PersonProfile, Picture, PictureHash, PictureKind, Profile, UserId};
use anyhow::anyhow;
use storage::prelude::*;

type ProfileColumns = (Option<String>, Option<String>, Option<Vec<u8>>);

fn profile(columns: Option<ProfileColumns>) -> Result<Profile, Fault> {
    let Some((display, colour, picture)) = columns else {
        return Ok(Profile::default());
    };
    let hash = |bytes: Vec<u8>| {
        let bytes = bytes.try_into();
        bytes.map(PictureHash)
    };
    let picture = picture.map(hash).transpose();
    Ok(Profile {
        display,
        colour,
        picture: picture.map_err(|_| anyhow!("a picture's hash is not 32 bytes long"))?,
    })
}

/// Returns these users who have not ended, with their profiles.
pub(crate) async fn of(
    access: &mut impl Access,
    ids: &[UserId],
) -> Result<Vec<PersonProfile>, Fault> {
    let rows: Vec<(UserRow, Option<ProfileColumns>)> = query!(access, |c| users::table
        .left_join(profiles::table)
        .filter(users::id.one_of(ids))
        .filter(users::ended_at.is_null())
        .select((
            UserRow::as_select(),
            (profiles::display, profiles::colour, profiles::picture).nullable()
        ))
        .load(c))?;
    let person = |(row, columns): (UserRow, Option<ProfileColumns>)| {
        Ok(PersonProfile {
            user: row.user(),
            profile: profile(columns)?,
        })
    };
    rows.into_iter().map(person).collect()
}

/// Replaces a user's profile.
pub(crate) async fn set(tx: &mut Writer<'_>, user: UserId, profile: &Profile) -> Result<(), Fault> {
    let now = (
        profiles::display.eq(profile.display.as_deref()),
        profiles::colour.eq(profile.colour.as_deref()),
        profiles::picture.eq(profile.picture.as_ref().map(|hash| &hash.0[..])),
    );
    statement!(tx, |c| diesel::insert_into(profiles::table)
        .values((profiles::user_id.eq(user), now))
        .on_conflict(profiles::user_id)
        .do_update()
        .set(now)
        .execute(c))?;
    Ok(())
}

/// Adds a user's picture or replaces it.
pub(crate) async fn set_picture(
    tx: &mut Writer<'_>,
    user: UserId,
    hash: &PictureHash,
    picture: &Picture,
) -> Result<(), Fault> {
    let now = (
        pictures::hash.eq(&hash.0[..]),
        pictures::kind.eq(code(picture.kind)),
        pictures::bytes.eq(&picture.bytes[..]),
    );
    statement!(tx, |c| diesel::insert_into(pictures::table)
        .values((pictures::user_id.eq(user), now))
        .on_conflict(pictures::user_id)
        .do_update()
        .set(now)
        .execute(c))?;
    Ok(())
}

/// Returns a picture that somebody has.
pub(crate) async fn picture(
    access: &mut impl Access,
    hash: &PictureHash,
) -> Result<Option<Picture>, Fault> {
    let found: Option<(i16, Vec<u8>)> = query!(access, |c| pictures::table
        .filter(pictures::hash.eq(&hash.0[..]))
        .select((pictures::kind, pictures::bytes))
        .first(c))
    .optional()?;
    let picture = |(kind, bytes)| {
        Ok(Picture {
            kind: decode(kind)?,
            bytes,
        })
    };
    found.map(picture).transpose()
}

/// Removes a user's picture.
pub(crate) async fn remove_picture(tx: &mut Writer<'_>, user: UserId) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(pictures::table)
        .filter(pictures::user_id.eq(user))
        .execute(c))?;
    Ok(())
}

/// Removes a user's profile and picture.
pub(crate) async fn remove(tx: &mut Writer<'_>, user: UserId) -> Result<(), Fault> {
    remove_of_users(tx, &[user]).await
}

/// Removes the profiles and pictures of these users.
pub(crate) async fn remove_of_users(tx: &mut Writer<'_>, ids: &[UserId]) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(pictures::table)
        .filter(pictures::user_id.one_of(ids))
        .execute(c))?;
    statement!(tx, |c| diesel::delete(profiles::table)
        .filter(profiles::user_id.one_of(ids))
        .execute(c))?;
    Ok(())
}

/// Every kind of picture with its number in the table, which never changes its meaning.
const KINDS: [(PictureKind, i16); 4] = [
    (PictureKind::Png, 1),
    (PictureKind::Jpeg, 2),
    (PictureKind::Gif, 3),
    (PictureKind::Webp, 4),
];

fn code(kind: PictureKind) -> i16 {
    let found = KINDS.iter().find(|(known, _)| *known == kind);
    found.expect("every kind is in the list").1
}

fn decode(code: i16) -> Result<PictureKind, Fault> {
    let found = KINDS.iter().find(|(_, known)| *known == code);
    let found = found.ok_or_else(|| anyhow!("unknown kind of picture: {code}"))?;
    Ok(found.0)
}
