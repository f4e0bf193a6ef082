//! The per-person lock, held by jobs that count a person's rooms, add a room, or end the person.
//!
//! `docs/ARCHITECTURE.md` has the order of all locks on PostgreSQL: people first, those of the whole
//! batch in ascending order ([`Job::locks`]), then rooms.

use super::{Outcome, refuse};
use crate::api::Refusal;
use crate::store::members;
use sessions::api::{User, UserId, directory};
use storage::Backend;
use storage::prelude::*;

/// Returns the number of a person's lock. The last eight bytes of an id are random.
pub(super) fn lock(user: UserId) -> i64 {
    let mut last = [0; 8];
    last.copy_from_slice(&user.0[8..]);
    i64::from_be_bytes(last)
}

/// Makes sure that this transaction holds the lock of a person who was looked up by name. Fails with a
/// contention, which repeats the batch, if the name passed to another person after the batch took its
/// locks and that person's lock is taken. Never waits.
pub(super) async fn must_be_locked(tx: &mut Writer<'_>, user: UserId) -> Result<(), Fault> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        held: bool,
    }
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    let take = "SELECT pg_try_advisory_xact_lock($1) AS held";
    let found: Held = statement!(tx, |c| diesel::sql_query(take)
        .bind::<diesel::sql_types::BigInt, _>(lock(user))
        .get_result(c))?;
    if found.held {
        return Ok(());
    }
    Err(Fault::contention(
        "another transaction holds the lock of a person",
    ))
}

/// Returns a person as of now, or refuses one who has ended. The caller holds the person's lock.
pub(super) async fn must_exist(tx: &mut Writer<'_>, user: UserId) -> Outcome<User> {
    let found = directory::resolve(tx, &user.to_string()).await?;
    found.ok_or_else(|| refuse(Refusal::NoSuchUser))
}

/// Refuses another room to a person who has chosen `rooms_max` rooms. The caller holds the person's
/// lock.
pub(super) async fn must_be_below_rooms_max(
    tx: &mut Writer<'_>,
    user: UserId,
    rooms_max: usize,
) -> Outcome<()> {
    if members::count_chosen_rooms(tx, user).await? >= rooms_max {
        return Err(refuse(Refusal::LimitReached { limit: "rooms_max" }));
    }
    Ok(())
}
