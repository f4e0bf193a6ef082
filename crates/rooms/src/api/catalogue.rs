//! Lists of rooms, read inside the caller's own snapshot.

use super::{Card, Seq};
use sessions::api::UserId;
use storage::prelude::*;

/// A room in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As the viewer sees it.
    pub card: Card,
    /// Its last `seq`.
    pub head: Seq,
    /// The viewer's own `joined` entry, for members.
    pub joined_seq: Option<Seq>,
}

/// The rooms a user is a member of, by key, after this key, at most `limit`.
pub async fn mine(
    _access: &mut impl Access,
    _user: UserId,
    _after: Option<&str>,
    _limit: usize,
) -> Result<Vec<Listed>, Fault> {
    unimplemented!()
}

/// All public rooms, by key, after this key, at most `limit`.
pub async fn public(
    _access: &mut impl Access,
    _viewer: UserId,
    _after: Option<&str>,
    _limit: usize,
) -> Result<Vec<Listed>, Fault> {
    unimplemented!()
}
