//! Users, read inside the caller's own transaction.

use super::{User, UserId};
use std::collections::HashMap;
use storage::prelude::*;

/// The people with these ids; unknown ids are absent. One query.
pub async fn by_id(
    _access: &mut impl Access,
    _ids: &[UserId],
) -> Result<HashMap<UserId, User>, Fault> {
    unimplemented!()
}

/// The living people with these names (compared confusable-safe), keyed by the name as given. One
/// query.
pub async fn by_name(
    _access: &mut impl Access,
    _names: &[&str],
) -> Result<HashMap<String, User>, Fault> {
    unimplemented!()
}

/// What a command calls a `user`: an id or `@name`. `None`: no such user.
pub async fn resolve(_access: &mut impl Access, _user: &str) -> Result<Option<User>, Fault> {
    unimplemented!()
}

/// Ends a guest that is a member of no room: its sessions end, its name is free; its id stays
/// known to [`by_id`] for the entries it wrote. Does nothing to an account. States
/// [`super::SessionEnded`].
pub async fn end_guest(_tx: &mut Writer<'_>, _guest: UserId) -> Result<(), Fault> {
    unimplemented!()
}

/// Makes an account a server administrator; false when there is no such account.
pub async fn grant_admin(_tx: &mut Writer<'_>, _name: &str) -> Result<bool, Fault> {
    unimplemented!()
}
