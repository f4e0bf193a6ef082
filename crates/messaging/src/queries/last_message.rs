//! The newest message of each room in a list, with its last edit applied.

use crate::api::LastMessage;
use crate::store::states;
use rooms::api::catalogue::Listed;
use rooms::api::previews::{self, BEGINNING_CHARS, NewestMessage};
use rooms::api::{Entry, RoomId, Seq};
use std::collections::HashMap;
use storage::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

/// Returns the newest message of each room that the viewer is in and may read one of.
pub(super) async fn of_all(
    access: &mut impl Access,
    listed: &[Listed],
) -> Result<HashMap<RoomId, LastMessage>, Fault> {
    let readable = listed
        .iter()
        .filter_map(|room| Some((room.card.room.id, room.visible_from?)));
    let readable: Vec<(RoomId, Seq)> = readable.collect();
    let newest = previews::newest_messages(access, &readable).await?;
    let edits = edits(access, &newest).await?;
    let last = newest.into_iter().map(|(room, message)| {
        let last = last(room, message, edits.get(&room).cloned());
        (room, last)
    });
    Ok(last.collect())
}

/// Returns the beginning of the text that the last edit gave each message, if one did.
async fn edits(
    access: &mut impl Access,
    newest: &HashMap<RoomId, NewestMessage>,
) -> Result<HashMap<RoomId, String>, Fault> {
    let undeleted = newest.iter().filter(|(_, message)| message.text.is_some());
    let positions: Vec<(RoomId, Seq)> = undeleted
        .map(|(room, message)| (*room, message.seq))
        .collect();
    let edits = states::edits_of(access, &positions).await?;
    let texts = previews::beginnings(access, &edits).await?.into_iter();
    Ok(texts.map(|((room, _), text)| (room, text)).collect())
}

fn last(room: RoomId, message: NewestMessage, edit: Option<String>) -> LastMessage {
    let edited = edit.is_some();
    // A deletion in the same snapshot would have taken the edits, too.
    let text = message.text.map(|text| edit.unwrap_or(text));
    LastMessage {
        seq: message.seq,
        id: Entry::id_at(room, message.seq),
        author: message.author,
        at: message.at,
        preview: text.map(whole_signs),
        edited,
    }
}

/// Ends a text that may have been cut with a whole sign, as people see signs; one sign that is longer than
/// all of it stays cut.
fn whole_signs(mut text: String) -> String {
    if text.chars().count() < BEGINNING_CHARS {
        return text;
    }
    let last = text.grapheme_indices(true).next_back();
    if let Some((start, sign)) = last
        && start > 0
        && sign.chars().nth(1).is_some()
    {
        text.truncate(start);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_ends_with_a_whole_sign() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        let cut = |text: &str| whole_signs(text.chars().take(BEGINNING_CHARS).collect());
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(200)), "x".repeat(160));
        let text = format!("{}{family}", "x".repeat(157));
        assert_eq!(cut(&text), "x".repeat(157));
        let accents = format!("a{}", "\u{301}".repeat(300));
        assert_eq!(cut(&accents).chars().count(), 160);
    }
}
