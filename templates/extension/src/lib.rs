//! Counts the messages of every room.

use parlor::prelude::*;
use serde::{Deserialize, Serialize};

table! {
    counts (room_id) { room_id -> BigInt, messages -> BigInt }
}

/// Returns the extension.
pub fn extension() -> Extension {
    Extension::new("my_extension")
        .database(migrations!("migrations/sqlite", "migrations/postgres"))
        .follows(|_| Counter)
        .reads::<Count, _>(Rights::Member, |_| Counter)
}

struct Counter;

impl Follower for Counter {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let is_message = |entry: &&Followed| matches!(entry.change, Change::Message { .. });
        let new = page.entries.iter().filter(is_message).count();
        let new = i64::try_from(new).expect("a page has hundreds of entries");
        let row = (counts::room_id.eq(page.room.id.0), counts::messages.eq(new));
        statement!(tx, |c| diesel::insert_into(counts::table)
            .values(row)
            .on_conflict(counts::room_id)
            .do_update()
            .set(counts::messages.eq(counts::messages + new))
            .execute(c))?;
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(counts::table).execute(c))?;
        Ok(())
    }
}

/// `x.my_extension.count`: how many messages a room has.
#[derive(Deserialize)]
struct Count {
    room: String,
}

#[derive(Serialize)]
struct Counted {
    messages: i64,
}

impl Command for Count {
    const NAME: &'static str = "my_extension.count";
    type Answer = Counted;

    fn room(&self) -> Option<&str> {
        Some(&self.room)
    }
}

impl Respond<Count> for Counter {
    async fn respond(&self, asked: Asked<Count>, cx: &Cx) -> Result<Counted, Declined> {
        let room = asked.standing.expect("members only").room.id.0;
        let counted = cx.database().read("my_extension.count", move |reader| {
            Box::pin(async move {
                let count = counts::table.find(room).select(counts::messages);
                Ok(query!(reader, |c| count.first(c)).optional()?.unwrap_or(0))
            })
        });
        Ok(Counted { messages: counted.await? })
    }
}
