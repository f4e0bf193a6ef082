//! The room that is there from the first start.

use crate::api::{History, Kind, RoomKey};
use crate::store::rooms;
use std::convert::Infallible;
use storage::prelude::*;

/// Its key and its title.
const GENERAL: &str = "general";

/// Makes `general` unless it is there. It belongs to the server: nobody owns it.
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
