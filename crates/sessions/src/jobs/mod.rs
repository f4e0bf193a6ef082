//! Everything that sessions writes.
//!
//! All of it goes through one lane, so that the facts of these jobs reach the subscriber in the
//! order in which it handed the jobs over, and names are given one after the other.

mod door;
mod end;
mod ending;
mod erase;
mod fresh;
mod housekeeping;
mod leave;
mod open_guest;
mod open_jwt;
mod open_token;
mod quota;
mod sign;
mod spare_name;

use storage::LaneKey;

pub(crate) use door::Door;
pub(crate) use end::{Logout, NO_SUCH_SESSION, Replace, Revoke, RevokeOthers};
pub(crate) use ending::end_person;
pub(crate) use erase::{Erase, erase};
pub(crate) use fresh::Fresh;
pub(crate) use housekeeping::{Expire, Keep, Touch};
pub(crate) use leave::Leave;
pub(crate) use open_guest::OpenGuest;
pub(crate) use open_jwt::{Extended, OpenJwt};
pub(crate) use open_token::OpenToken;
pub(crate) use sign::{SignIn, SignUp};

/// The one lane.
pub(crate) const LANE: LaneKey = LaneKey(0x7365_7373);
