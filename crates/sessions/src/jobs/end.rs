//! Sessions end, and it is said: the one place for every reason.

use crate::api::{EndReason, PeopleForgettable, SessionEnded, SessionId, UserId};
use crate::store::{sessions, user_sessions};
use storage::prelude::*;

/// Ends these sessions, each given with its person, and states it.
pub(crate) async fn end(
    tx: &mut Writer<'_>,
    ending: &[(SessionId, UserId)],
    reason: EndReason,
    now: i64,
) -> Result<(), Fault> {
    let ids: Vec<SessionId> = ending.iter().map(|(session, _)| *session).collect();
    sessions::end(tx, &ids, now).await?;
    for &(session, user) in ending {
        tx.state(SessionEnded {
            user,
            session,
            reason,
        });
    }
    Ok(())
}

/// Ends a person's living sessions, but for the one that is to stay, if any.
pub(crate) async fn end_all(
    tx: &mut Writer<'_>,
    user: UserId,
    but: Option<SessionId>,
    reason: EndReason,
    now: i64,
) -> Result<(), Fault> {
    let living = user_sessions::of_user(tx, user).await?;
    let ending = living.into_iter().filter(|id| Some(*id) != but);
    let ending: Vec<_> = ending.map(|id| (id, user)).collect();
    end(tx, &ending, reason, now).await
}

/// A person is over: ends their sessions, removes them, and states that they may be forgotten. Whoever comes with one of these tokens
/// gets the same answer as with any other that has ended.
pub(crate) async fn end_person(
    tx: &mut Writer<'_>,
    user: UserId,
    reason: EndReason,
    now: i64,
) -> Result<(), Fault> {
    end_all(tx, user, None, reason, now).await?;
    user_sessions::forget_of(tx, user).await?;
    tx.state(PeopleForgettable {
        users: vec![user],
        unseen_before: None,
    });
    Ok(())
}
