//! Records what comes from the moment on when it first runs.

use parlor::prelude::*;

table! {
    applied (room_id, seq) {
        room_id -> BigInt,
        seq -> BigInt,
    }
}

/// Returns the extension.
pub(crate) fn extension() -> Extension {
    Extension::new("latest")
        .database(migrations!(
            "migrations/latest/sqlite",
            "migrations/latest/postgres"
        ))
        .follows(|_| Latest)
}

struct Latest;

impl Follower for Latest {
    const FROM: StartFrom = StartFrom::Now;
    const SEES: Sees = Sees::All;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for entry in &page.entries {
            let row = (
                applied::room_id.eq(page.room.id.0),
                applied::seq.eq(entry.seq),
            );
            statement!(tx, |c| diesel::insert_into(applied::table)
                .values(row)
                .execute(c))?;
        }
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(applied::table).execute(c))?;
        Ok(())
    }
}
