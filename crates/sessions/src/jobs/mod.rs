//! Everything that sessions writes.
//!
//! All of it goes through one lane, so that the facts of these jobs reach the subscriber in the
//! order in which it handed the jobs over, and names are given one after the other.

mod credentials;
mod delete_account;
mod disconnect;
mod end;
mod free_name;
mod hello_context;
mod housekeeping;
mod open_guest;
mod open_jwt;
mod open_token;
mod quota;
mod revoke;
mod sign_in;

use storage::LaneKey;

pub(crate) use credentials::SessionCredentials;
pub(crate) use delete_account::{DeleteOwnAccount, erase};
pub(crate) use disconnect::Disconnect;
pub(crate) use end::end_person;
pub(crate) use hello_context::HelloContext;
pub(crate) use housekeeping::{Expire, NoteConnectedSeen, NoteSeen};
pub(crate) use open_guest::OpenGuest;
pub(crate) use open_jwt::{CurrentSession, OpenJwt};
pub(crate) use open_token::OpenToken;
pub(crate) use revoke::{EndOwnSession, NO_SUCH_SESSION, ReplacePassword, Revoke, RevokeOthers};
pub(crate) use sign_in::{SignIn, SignUp};

/// The one lane.
pub(crate) const LANE: LaneKey = LaneKey(0x7365_7373);
