//! A follower that reads private rooms too, and forgets what their people delete.

use parlor::prelude::*;

table! {
    last_words (room_id) { room_id -> BigInt, seq -> BigInt, body -> Text }
}

pub(crate) struct LastWords;

impl Follower for LastWords {
    const SEES: Sees = Sees::All;
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let room = page.room.id.0;
        for entry in &page.entries {
            match &entry.change {
                Change::Message { body: Some(body), .. } => {
                    let new = (last_words::seq.eq(entry.seq), last_words::body.eq(body));
                    statement!(tx, |c| diesel::insert_into(last_words::table)
                        .values((last_words::room_id.eq(room), new))
                        .on_conflict(last_words::room_id)
                        .do_update()
                        .set(new)
                        .execute(c))?;
                }
                Change::Deleted { target } => {
                    let deleted = last_words::table.find(room).filter(last_words::seq.eq(*target));
                    statement!(tx, |c| diesel::delete(deleted).execute(c))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn forgotten(
        &self,
        room: &RoomInfo,
        kept_from: Seq,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        let old = last_words::table.find(room.id.0).filter(last_words::seq.lt(kept_from));
        statement!(tx, |c| diesel::delete(old).execute(c))?;
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(last_words::table).execute(c))?;
        Ok(())
    }
}
