//! `profile.set`: changes what one shows besides one's name.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, ProfileShape};
use rooms::api::RoomKey;
use serde_json::json;
use sessions::api::SetProfile;

pub(super) struct ProfileSet {
    display: Option<String>,
    colour: Option<String>,
    /// Only an empty text: pictures are uploaded over HTTP.
    picture: Option<String>,
}

impl Run for ProfileSet {
    const OP: &'static str = "profile.set";
    const LANE: Lane = Lane::Ordered(Answerer::Sessions);
    /// Each change goes to everyone who shares a room.
    const COST: Cost = Cost::Hello;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<SetProfile>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            display: d.optional_string("display")?,
            colour: d.optional_string("colour")?,
            picture: d.optional_string("picture")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let set = SetProfile {
            caller: context.caller()?,
            connection: context.conn.as_ref().map(|conn| conn.id),
            display: self.display,
            colour: self.colour,
            picture: self.picture,
        };
        let set = context.ask(set).await?;
        let profile = ProfileShape::from(&set.person);
        Ok(CommandReply::of(
            &json!({ "profile": profile, "dup": set.dup }),
        ))
    }
}
