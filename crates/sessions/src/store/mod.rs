//! The tables `users` and `sessions`, and all queries on them.

pub(crate) mod housekeeping;
#[cfg(test)]
mod plans;
pub(crate) mod sessions;
mod tables;
pub(crate) mod user_sessions;
pub(crate) mod users;

/// The tables of this crate, each after those that it refers to.
pub const TABLES: &[storage::transfer::Table] = &[tables::USERS, tables::SESSIONS];

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
    );
    let people: Vec<Words> = query!(access, |c| tables::users::table
        .select((
            tables::users::name,
            tables::users::name_key,
            tables::users::password_hash,
            tables::users::issuer,
            tables::users::subject
        ))
        .load(c))?;
    let sessions: Vec<(Vec<u8>, Option<String>)> = query!(access, |c| tables::sessions::table
        .select((tables::sessions::token_hash, tables::sessions::device))
        .load(c))?;
    let hashes = sessions
        .iter()
        .map(|(hash, _)| String::from_utf8_lossy(hash).into_owned());
    Ok(format!(
        "{people:?} {sessions:?} {}",
        hashes.collect::<String>()
    ))
}
