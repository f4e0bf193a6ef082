//! Ends sessions and publishes that, whatever the reason.

use crate::api::{EndReason, PeopleForgettable, SessionEnded, SessionId, UserId};
use crate::store::{profiles, sessions, user_sessions};
use storage::prelude::*;

/// Ends these sessions, each given with its user, and publishes [`SessionEnded`] for each.
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

/// Ends a user's sessions, except `keep`.
pub(crate) async fn end_all(
    tx: &mut Writer<'_>,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    now: i64,
) -> Result<(), Fault> {
    let live = user_sessions::live_ids_of(tx, user).await?;
    let ending = live.into_iter().filter(|id| Some(*id) != keep);
    let ending: Vec<_> = ending.map(|id| (id, user)).collect();
    end(tx, &ending, reason, now).await
}

/// Ends and removes all sessions and the profile of a user who ends, and publishes [`PeopleForgettable`]. Their
/// tokens are then refused like those of any ended session.
pub(crate) async fn end_user(
    tx: &mut Writer<'_>,
    user: UserId,
    reason: EndReason,
    now: i64,
) -> Result<(), Fault> {
    end_all(tx, user, None, reason, now).await?;
    user_sessions::forget_all(tx, user).await?;
    profiles::remove(tx, user).await?;
    tx.state(PeopleForgettable {
        users: vec![user],
        unseen_before: None,
    });
    Ok(())
}
