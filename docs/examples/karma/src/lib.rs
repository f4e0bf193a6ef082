//! Karma: whoever is mentioned in a message with `++` gets a point.

use parlor::prelude::*;
use serde::{Deserialize, Serialize};

table! {
    karma (user_id) { user_id -> Binary, name -> Text, points -> BigInt }
}

/// Returns the extension.
pub fn extension() -> Extension {
    Extension::new("karma")
        .database(migrations!("migrations/sqlite", "migrations/postgres"))
        .follows(|_| Karma)
        .reads::<Top, _>(Rights::Anyone, |_| Karma)
}

struct Karma;

impl Follower for Karma {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for user in page.entries.iter().flat_map(|entry| thanked(entry)) {
            let name = karma::name.eq(&*user.name);
            statement!(tx, |c| diesel::insert_into(karma::table)
                .values((karma::user_id.eq(user.id), name, karma::points.eq(1)))
                .on_conflict(karma::user_id)
                .do_update()
                .set((name, karma::points.eq(karma::points + 1)))
                .execute(c))?;
        }
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(karma::table).execute(c))?;
        Ok(())
    }
}

/// Returns whom an entry thanks: nobody thanks themselves.
fn thanked(entry: &Entry) -> impl Iterator<Item = &User> {
    let mentions = match &entry.change {
        Change::Message { body: Some(body), mentions, .. } if body.contains("++") => &mentions[..],
        _ => &[],
    };
    mentions.iter().filter(|user| user.id != entry.author.id)
}

/// `x.karma.top`: who has the most points.
#[derive(Deserialize)]
struct Top {
    limit: Option<u8>,
}

#[derive(Queryable, Serialize)]
struct Person {
    name: String,
    points: i64,
}

impl Command for Top {
    const NAME: &'static str = "karma.top";
    type Answer = Vec<Person>;
}

impl Respond<Top> for Karma {
    async fn respond(&self, asked: Asked<Top>, cx: &Cx) -> Result<Vec<Person>, Declined> {
        let limit = i64::from(asked.command.limit.unwrap_or(10));
        let top = cx.database().read("karma.top", move |reader| {
            Box::pin(async move {
                let top = karma::table.select((karma::name, karma::points));
                let top = top.order((karma::points.desc(), karma::user_id)).limit(limit);
                Ok(query!(reader, |c| top.load(c))?)
            })
        });
        Ok(top.await?)
    }
}
