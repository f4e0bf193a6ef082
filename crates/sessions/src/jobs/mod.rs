//! The jobs: everything that sessions writes.
//!
//! All jobs run in one lane, so that their events reach the subscriber in the order in which it
//! submitted the jobs, and names are assigned one after another.

mod credentials;
mod delete_account;
mod disconnect;
mod end;
mod free_name;
mod hello_context;
mod housekeeping;
mod open_guest;
mod open_jwt;
mod open_service;
mod open_token;
mod quota;
mod revoke;
mod set_profile;
mod sign_in;
mod upgrade;

use storage::LaneKey;

pub(crate) use credentials::SessionCredentials;
pub(crate) use delete_account::{DeleteOwnAccount, erase};
pub(crate) use disconnect::Disconnect;
pub(crate) use end::end_user;
pub(crate) use hello_context::HelloContext;
pub(crate) use housekeeping::{Expire, NoteConnectedSeen, NoteSeen};
pub(crate) use open_guest::OpenGuest;
pub(crate) use open_jwt::{CurrentSession, OpenJwt};
pub(crate) use open_service::OpenService;
pub(crate) use open_token::OpenToken;
pub(crate) use revoke::{EndOwnSession, NO_SUCH_SESSION, ReplacePassword, Revoke, RevokeOthers};
pub(crate) use set_profile::SetProfileJob;
pub(crate) use sign_in::{SignIn, SignUp};
pub(crate) use upgrade::UpgradeJob;

/// The lane of all jobs that write users or sessions.
pub(crate) const LANE: LaneKey = LaneKey(0x7365_7373);
