//! `profiles`: what some people show besides their names.

use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, ProfileShape};
use rooms::api::RoomKey;
use serde_json::json;
use sessions::api::ReadProfiles;

pub(super) struct ProfileList {
    /// Ids, no names.
    users: Vec<String>,
}

impl Run for ProfileList {
    const OP: &'static str = "profiles";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Page;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<ReadProfiles>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            users: d.strings("users")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        context.caller()?;
        let found = context.ask(ReadProfiles { users: self.users }).await?;
        let profiles: Vec<ProfileShape<'_>> = found.iter().map(ProfileShape::from).collect();
        Ok(CommandReply::of(&json!({ "profiles": profiles })))
    }
}
