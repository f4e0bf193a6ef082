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
    const FROM: From = From::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for entry in &page.entries {
            let Change::Message { body: Some(body), mentions, .. } = &entry.change else { continue };
            if !body.contains("++") {
                continue;
            }
            for user in mentions.iter().filter(|user| user.id != entry.author.id) {
                let row = (karma::user_id.eq(user.id), karma::name.eq(&*user.name), karma::points.eq(1));
                statement!(tx, |c| diesel::insert_into(karma::table)
                    .values(row)
                    .on_conflict(karma::user_id)
                    .do_update()
                    .set((karma::name.eq(&*user.name), karma::points.eq(karma::points + 1)))
                    .execute(c))?;
            }
        }
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(karma::table).execute(c))?;
        Ok(())
    }
}

/// `x.karma.top`: who has the most points.
#[derive(Deserialize)]
struct Top {
    #[serde(default)]
    limit: Option<u8>,
}

#[derive(Serialize)]
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
                let top: Vec<(String, i64)> = query!(reader, |c| top.load(c))?;
                Ok(top)
            })
        });
        Ok(top.await?.into_iter().map(|(name, points)| Person { name, points }).collect())
    }
}
