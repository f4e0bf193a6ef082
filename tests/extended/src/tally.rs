//! Counts the entries of each room. It behaves.

use parlor::prelude::*;
use serde::Deserialize;

table! {
    said (room) { room -> Text, entries -> BigInt }
}

/// Returns the extension.
pub(crate) fn extension() -> Extension {
    named("tally").off_by_default()
}

/// Returns it under another name, without its command.
pub(crate) fn named(name: &'static str) -> Extension {
    let migrations = migrations!("migrations/tally/sqlite", "migrations/tally/postgres");
    let extension = Extension::new(name).database(migrations).follows(|_| Tally);
    if name == "tally" {
        extension
            .settings::<TallySettings>()
            .reads::<Count, _>(Rights::Anyone, |_| Tally)
    } else {
        extension
    }
}

/// Its settings.
#[derive(Debug, Clone)]
pub(crate) struct TallySettings {
    most: u32,
}

impl Default for TallySettings {
    fn default() -> Self {
        Self { most: 9 }
    }
}

impl Table for TallySettings {
    fn rows() -> Vec<Setting<Self>> {
        vec![number("most", "entries", 1..=9, |c: &mut Self| &mut c.most)]
    }
}

pub(crate) struct Tally;

impl Follower for Tally {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let entries = i64::try_from(page.entries.len()).unwrap_or(i64::MAX);
        let row = (said::room.eq(&*page.room.key.0), said::entries.eq(entries));
        statement!(tx, |c| diesel::insert_into(said::table)
            .values(row)
            .on_conflict(said::room)
            .do_update()
            .set(said::entries.eq(said::entries + entries))
            .execute(c))?;
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(said::table).execute(c))?;
        Ok(())
    }
}

/// `x.tally.count`: how many entries it has counted in all rooms.
#[derive(Deserialize)]
pub(crate) struct Count {}

impl Command for Count {
    const NAME: &'static str = "tally.count";
    type Answer = i64;
}

impl Respond<Count> for Tally {
    async fn respond(&self, _: Asked<Count>, cx: &Cx) -> Result<i64, Declined> {
        let counted = cx.database().read("tally.count", |reader| {
            Box::pin(async move {
                let counted: Vec<i64> =
                    query!(reader, |c| said::table.select(said::entries).load(c))?;
                Ok(counted.into_iter().sum())
            })
        });
        Ok(counted.await?)
    }
}
