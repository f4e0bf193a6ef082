//! What one person may begin with others, read under the locks of the people concerned; of the one
//! invited there is none: two invitations at once may be one too many.

use super::{Outcome, refuse};
use crate::api::Refusal;
use crate::settings::Quotas;
use crate::store::quotas;
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// The time that the quotas by day look back.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Refuses one more direct room to an opener who waits for too many answers or has opened too many
/// within a day, and for a person whom too many wait for.
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
    let mut room = waiting.len() < quotas.direct_waiting_max;
    if opener.guest {
        let people = directory::by_id(tx, &waiting).await?;
        let guests = waiting.iter().filter_map(|id| people.get(id));
        let guests = guests.filter(|user| user.guest).count();
        room &= guests < quotas.direct_waiting_max.div_ceil(2);
    }
    if !room {
        return Err(limit_reached("direct_waiting_max"));
    }
    Ok(())
}

/// Refuses one more public or private room to someone who has made too many within a day: a name is
/// spent for ever, whoever stays in the room.
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
