//! Sessions end, and it is said: the one place for every reason.

use crate::api::{EndReason, SessionEnded, SessionId, UserId};
use crate::store::sessions;
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
    let living = sessions::of_user(tx, user).await?;
    let ending = living.iter().map(|session| (session.id, user));
    let ending: Vec<_> = ending.filter(|(id, _)| Some(*id) != but).collect();
    end(tx, &ending, reason, now).await
}
