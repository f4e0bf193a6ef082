//! Uses the directory like other crates, inside reads and jobs.

use super::world::World;
use crate::api::operator::GrantAdmin;
use crate::api::{User, UserId, directory};
use futures_util::FutureExt as _;
use std::collections::HashMap;
use std::convert::Infallible;
use storage::prelude::*;

impl World {
    pub(super) async fn by_id(&self, ids: &[UserId]) -> HashMap<UserId, User> {
        let ids = ids.to_vec();
        let found = self.database.read("test", move |reader| {
            async move { directory::by_id(reader, &ids).await }.boxed()
        });
        found.await.unwrap()
    }

    pub(super) async fn by_name(&self, names: &'static [&'static str]) -> HashMap<String, User> {
        let found = self.database.read("test", move |reader| {
            async move { directory::by_name(reader, names).await }.boxed()
        });
        found.await.unwrap()
    }

    pub(super) async fn resolve(&self, user: &str) -> Option<User> {
        let user = user.to_owned();
        let found = self.database.read("test", move |reader| {
            async move { directory::resolve(reader, &user).await }.boxed()
        });
        found.await.unwrap()
    }

    pub(super) async fn is_admin(&self, user: UserId) -> bool {
        let found = self.database.read("test", move |reader| {
            async move { directory::is_admin(reader, user).await }.boxed()
        });
        found.await.unwrap()
    }

    pub(super) async fn end_guest(&self, guest: UserId) {
        let Ok(()) = self.write(EndGuest(guest)).await;
    }

    pub(super) async fn grant_admin(&self, name: &'static str) -> bool {
        let Ok(granted) = self
            .write(GrantAdmin {
                name: name.to_owned(),
            })
            .await;
        granted
    }
}

struct EndGuest(UserId);

impl Job for EndGuest {
    const NAME: &'static str = "test.end_guest";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(1)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        Ok(directory::end_guest(tx, self.0).await?)
    }
}
