//! A person's own lock: whoever counts someone's rooms, adds one, or ends them holds it.
//!
//! The order of all locks on PostgreSQL stands in `docs/ARCHITECTURE.md`: people first, the whole
//! batch's in ascending order ([`Job::locks`]), then rooms.

use super::{Outcome, refuse};
use crate::api::Refusal;
use crate::store::members;
use sessions::api::{UserId, directory};
use storage::prelude::*;
use storage::{Backend, Connection};

/// The number of someone's lock. The last eight bytes of an id are random.
pub(super) fn lock(user: UserId) -> i64 {
    let mut last = [0; 8];
    last.copy_from_slice(&user.0[8..]);
    i64::from_be_bytes(last)
}

/// Makes sure of the lock of someone who was found by name: should the name have passed to another
/// since the batch took its locks, it is repeated. Never waits.
pub(super) async fn must_be_locked(tx: &mut Writer<'_>, user: UserId) -> Result<(), Fault> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        held: bool,
    }
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    if let Connection::Postgres(c) = tx.writable() {
        use diesel_async::RunQueryDsl as _;
        let found: Held = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS held")
            .bind::<diesel::sql_types::BigInt, _>(lock(user))
            .get_result(c)
            .await?;
        if !found.held {
            return Err(Fault::contention("the lock of a person is held elsewhere"));
        }
    }
    Ok(())
}

/// Refuses someone who has ended in the meantime. Under the person's lock.
pub(super) async fn must_exist(tx: &mut Writer<'_>, user: UserId) -> Outcome<()> {
    let living = directory::resolve(tx, &user.to_string()).await?;
    living
        .map(|_| ())
        .ok_or_else(|| refuse(Refusal::NoSuchUser))
}

/// Refuses one more room to someone who has chosen as many as may be. Under the person's lock.
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
