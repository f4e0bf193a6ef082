//! `general`: the public room that exists from the first start on.

use crate::api::{History, Kind, RoomKey};
use crate::store::rooms;
use std::convert::Infallible;
use storage::prelude::*;

/// The room's key and title.
const GENERAL: &str = "general";

/// Creates `general` unless it exists. It belongs to the server: nobody owns it.
pub(crate) struct CreateGeneralJob {
    pub(crate) at: i64,
}

impl Job for CreateGeneralJob {
    const NAME: &'static str = "rooms.found";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        RoomKey(GENERAL.into()).lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let key = RoomKey(GENERAL.into());
        let general = rooms::NewRoom {
            key: &key,
            title: GENERAL,
            topic: "",
            kind: Kind::Public,
            history: History::All,
            pair: None,
            creator: None,
            cid: None,
            made_of: None,
            at: self.at,
        };
        rooms::insert(tx, &general).await?;
        Ok(())
    }
}
