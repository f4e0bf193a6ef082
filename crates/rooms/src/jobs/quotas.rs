//! The quotas for opening direct rooms and creating rooms, checked under the locks of the people
//! concerned. (Invitations are checked without a lock: two at once may exceed the quota by one.)

use super::{Outcome, refuse};
use crate::api::Refusal;
use crate::settings::Quotas;
use crate::store::quotas;
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// The period of the daily quotas.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Refuses another direct room if the opener has too many unanswered or opened too many within a day, or
/// if too many direct rooms wait for the other person's answer.
pub(super) async fn check_new_direct(
    tx: &mut Writer<'_>,
    quotas: &Quotas,
    (opener, other): (&User, &User),
    now: i64,
) -> Outcome<()> {
    let (unanswered_max, day_max) = if opener.guest {
        (
            quotas.direct_unanswered_guest_max,
            quotas.direct_day_guest_max,
        )
    } else {
        (quotas.direct_unanswered_max, quotas.direct_day_max)
    };
    if quotas::count_unanswered(tx, opener.id).await? >= unanswered_max {
        return Err(limit_reached("direct_unanswered_max"));
    }
    if quotas::count_created_since(tx, opener.id, true, now - DAY_MS).await? >= day_max {
        return Err(limit_reached("direct_day_max"));
    }
    let waiting = quotas::openers_awaiting(tx, other.id).await?;
    let mut allowed = waiting.len() < quotas.direct_waiting_max;
    if opener.guest {
        let people = directory::by_id(tx, &waiting).await?;
        let guests = waiting.iter().filter_map(|id| people.get(id));
        let guests = guests.filter(|user| user.guest).count();
        allowed &= guests < quotas.direct_waiting_max.div_ceil(2);
    }
    if !allowed {
        return Err(limit_reached("direct_waiting_max"));
    }
    Ok(())
}

/// Refuses another public or private room if the person created too many within a day: a room's name
/// stays taken for ever, even if everyone leaves.
pub(super) async fn check_new_room(
    tx: &mut Writer<'_>,
    quotas: &Quotas,
    creator: UserId,
    now: i64,
) -> Outcome<()> {
    if quotas::count_created_since(tx, creator, false, now - DAY_MS).await? >= quotas.rooms_day_max
    {
        return Err(limit_reached("rooms_day_max"));
    }
    Ok(())
}

fn limit_reached(limit: &'static str) -> storage::JobError<Refusal> {
    refuse(Refusal::LimitReached { limit })
}
