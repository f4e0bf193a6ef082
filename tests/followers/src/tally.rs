//! Records every entry that it applies, so that a repeat fails and a gap shows, and counts them by room and
//! kind.

use parlor::prelude::*;
use std::collections::BTreeMap;

table! {
    applied (room_id, seq) {
        room_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        has_text -> Bool,
        was_heard -> Bool,
    }
}

table! {
    counts (room_id, kind) {
        room_id -> BigInt,
        kind -> Text,
        entries -> BigInt,
    }
}

table! {
    forgotten (room_id, kept_from) {
        room_id -> BigInt,
        kept_from -> BigInt,
        title -> Text,
    }
}

/// Returns the extension.
pub(crate) fn extension() -> Extension {
    Extension::new("tally")
        .settings::<TallySettings>()
        .database(migrations!(
            "migrations/tally/sqlite",
            "migrations/tally/postgres"
        ))
        .follows(|cx| Tally {
            refuses: cx.settings::<TallySettings>().refuses.clone(),
        })
}

#[derive(Debug, Clone, Default)]
struct TallySettings {
    refuses: String,
}

impl Table for TallySettings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            value("refuses", "a text", |c: &mut Self| &mut c.refuses)
                .about("A text whose messages it cannot apply."),
        ]
    }
}

struct Tally {
    refuses: String,
}

impl Follower for Tally {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let (mut rows, mut entries) = (Vec::new(), BTreeMap::<_, i64>::new());
        for entry in &page.entries {
            let (kind, text) = described(&entry.change);
            if !self.refuses.is_empty() && text == Some(&self.refuses) {
                return Err(anyhow::anyhow!("it refuses this text").into());
            }
            rows.push((
                applied::room_id.eq(page.room.id.0),
                applied::seq.eq(entry.seq),
                applied::kind.eq(kind),
                applied::has_text.eq(text.is_some()),
                applied::was_heard.eq(entry.heard_at.is_some()),
            ));
            *entries.entry(kind).or_default() += 1;
        }
        // A repeat is an error, which keeps the follower from going on.
        statement!(tx, |c| diesel::insert_into(applied::table)
            .values(&rows)
            .execute(c))?;
        for (kind, entries) in entries {
            let row = (
                counts::room_id.eq(page.room.id.0),
                counts::kind.eq(kind),
                counts::entries.eq(entries),
            );
            statement!(tx, |c| diesel::insert_into(counts::table)
                .values(row)
                .on_conflict((counts::room_id, counts::kind))
                .do_update()
                .set(counts::entries.eq(counts::entries + excluded(counts::entries)))
                .execute(c))?;
        }
        Ok(())
    }

    async fn forgotten(
        &self,
        room: &RoomInfo,
        kept_from: Seq,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        let row = (
            forgotten::room_id.eq(room.id.0),
            forgotten::kept_from.eq(kept_from),
            forgotten::title.eq(&*room.title),
        );
        statement!(tx, |c| diesel::insert_into(forgotten::table)
            .values(row)
            .execute(c))?;
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        statement!(tx, |c| diesel::delete(applied::table).execute(c))?;
        statement!(tx, |c| diesel::delete(counts::table).execute(c))?;
        statement!(tx, |c| diesel::delete(forgotten::table).execute(c))?;
        Ok(())
    }
}

/// Returns the kind of a change, and the text that someone wrote.
fn described(change: &Change) -> (&'static str, Option<&String>) {
    match change {
        Change::Message { body, .. } => ("message", body.as_ref()),
        Change::Edited { body, .. } => ("edited", body.as_ref()),
        Change::Room { title, .. } => ("room", Some(title).filter(|title| !title.is_empty())),
        Change::Deleted { .. } => ("deleted", None),
        Change::Reaction { .. } => ("reaction", None),
        Change::Joined => ("joined", None),
        _ => ("other", None),
    }
}
