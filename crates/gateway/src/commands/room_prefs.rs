//! `room.prefs`: what one wants of a room, for oneself alone.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, PreferencesShape};
use rooms::api::{RoomKey, SetPreferences};
use serde_json::json;

pub(super) struct RoomPrefs {
    room: RoomKey,
    quiet_until: Option<i64>,
    favourite: Option<bool>,
}

impl Run for RoomPrefs {
    const OP: &'static str = "room.prefs";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<SetPreferences>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            quiet_until: d.optional_integer("quiet_until_ms")?,
            favourite: d.optional_flag("favourite")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let set = SetPreferences {
            caller: context.caller()?,
            connection: context.conn.as_ref().map(|conn| conn.id),
            room: self.room,
            quiet_until: self.quiet_until,
            favourite: self.favourite,
        };
        let set = context.ask(set).await?;
        let prefs = PreferencesShape::from(set.preferences);
        Ok(CommandReply::of(&json!({ "prefs": prefs, "dup": set.dup })))
    }
}
