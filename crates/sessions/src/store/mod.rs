//! The tables, and all queries on them.

pub(crate) mod housekeeping;
#[cfg(test)]
mod plans;
pub(crate) mod profiles;
mod schema;
pub(crate) mod sessions;
pub(crate) mod user_sessions;
pub(crate) mod users;

/// The tables of this crate, each after those that it refers to.
pub const TABLES: &[storage::transfer::KnownTable] = &[
    schema::USERS,
    schema::SESSIONS,
    schema::PROFILES,
    schema::PICTURES,
];

/// Returns everything stored, as text, for tests of what must not be stored.
#[cfg(test)]
pub(crate) async fn everything(
    access: &mut impl storage::Access,
) -> Result<String, storage::Fault> {
    use storage::prelude::*;
    type Words = (
        String,
        String,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let people: Vec<Words> = query!(access, |c| schema::users::table
        .select((
            schema::users::name,
            schema::users::name_key,
            schema::users::password_hash,
            schema::users::issuer,
            schema::users::subject,
            schema::users::service
        ))
        .load(c))?;
    let sessions: Vec<(Vec<u8>, Option<String>)> = query!(access, |c| schema::sessions::table
        .select((schema::sessions::token_hash, schema::sessions::device))
        .load(c))?;
    let hashes = sessions
        .iter()
        .map(|(hash, _)| String::from_utf8_lossy(hash).into_owned());
    Ok(format!(
        "{people:?} {sessions:?} {}",
        hashes.collect::<String>()
    ))
}
