//! Limits the number of sessions per user.

use super::end::end;
use crate::api::{EndReason, Refusal, SessionId, UserId};
use crate::store::{sessions, user_sessions};
use storage::prelude::*;

/// The most sessions that end for one new one: after the limit is lowered, users get there in
/// steps.
const ENDED_MAX: i64 = 200;

/// Ends a user's longest-unseen sessions until one more fits. Connected ones stay; if they alone
/// are too many, the new one is refused.
pub(super) async fn make_room(
    tx: &mut Writer<'_>,
    user: UserId,
    sessions_max: u32,
    now: i64,
) -> Result<(), JobError<Refusal>> {
    let fits = i64::from(sessions_max.max(1)) - 1;
    let over = user_sessions::count_live(tx, user).await? - fits;
    if over <= 0 {
        return Ok(());
    }
    let wanted = usize::try_from(over.min(ENDED_MAX)).unwrap_or(0);
    let oldest = user_sessions::unconnected(tx, user, wanted).await?;
    if oldest.len() < wanted {
        return Err(JobError::Refused(Refusal::LimitReached {
            limit: "sessions_per_person",
        }));
    }
    let ending: Vec<(SessionId, UserId)> = oldest.iter().map(|id| (*id, user)).collect();
    end(tx, &ending, EndReason::Revoked, now).await?;
    // Not kept for a repeated `session.revoke`, since the client did not ask for their end.
    sessions::forget(tx, &oldest).await?;
    Ok(())
}
