//! The offset: up to where a client has heard all rooms of its session, in one short word.
//!
//! It comes from the client and proves nothing: it is turned into the cursors of a `hello`, and the chat
//! judges who may read what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;

/// Longest offset that is read, bytes: more than those of a person with as many rooms as there may be.
const OFFSET_MAX: usize = 16 << 10;
/// Largest number in JSON.
const SEQ_MAX: u64 = 1 << 53;

/// Where a client is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Per room the last entry that was heard completely.
    pub(crate) cursors: BTreeMap<String, u64>,
    /// Per room how many events of its next entry were heard: one entry may be several events.
    pub(crate) parts: BTreeMap<String, u8>,
}

/// Returns an offset as text, without its suffix.
pub(crate) fn encode<'a>(
    cursors: impl Iterator<Item = (&'a str, u64)>,
    parts: &BTreeMap<String, u8>,
) -> String {
    let mut bytes = Vec::with_capacity(64);
    let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    bytes.push(count);
    for (room, part) in parts.iter().take(usize::from(count)) {
        bytes.push(*part);
        write_name(&mut bytes, room);
    }
    for (room, seq) in cursors {
        write_name(&mut bytes, room);
        write_number(&mut bytes, seq);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Offset {
    /// Reads an offset and its suffix; `None` if it is none of this server's.
    pub(crate) fn read(text: &str) -> Option<(Self, Option<&str>)> {
        if text.len() > OFFSET_MAX {
            return None;
        }
        let (text, suffix) = match text.split_once('.') {
            Some((text, suffix)) => (text, Some(suffix)),
            None => (text, None),
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (&count, mut rest) = bytes.split_first()?;
        let mut offset = Self::default();
        for _ in 0..count {
            let (&part, after) = rest.split_first()?;
            rest = after;
            let room = read_name(&mut rest)?;
            offset.parts.insert(room, part);
        }
        while !rest.is_empty() {
            let room = read_name(&mut rest)?;
            let seq = read_number(&mut rest)?;
            offset.cursors.insert(room, seq);
        }
        Some((offset, suffix))
    }
}

/// Writes a room's key; keys are short.
fn write_name(bytes: &mut Vec<u8>, name: &str) {
    let name = name.as_bytes();
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    bytes.push(length);
    bytes.extend_from_slice(&name[..usize::from(length)]);
}

fn read_name(bytes: &mut &[u8]) -> Option<String> {
    let (&length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(length))?;
    *bytes = rest;
    String::from_utf8(name.to_vec()).ok()
}

/// Writes a number, seven bits per byte.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..56).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (number <= SEQ_MAX).then_some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(cursors: &[(&str, u64)], parts: &[(&str, u8)]) -> Offset {
        let cursors = cursors.iter().map(|(room, seq)| ((*room).to_owned(), *seq));
        let parts = parts.iter().map(|(room, part)| ((*room).to_owned(), *part));
        Offset {
            cursors: cursors.collect(),
            parts: parts.collect(),
        }
    }

    fn encoded(offset: &Offset) -> String {
        let cursors = offset.cursors.iter().map(|(room, seq)| (&**room, *seq));
        encode(cursors, &offset.parts)
    }

    #[test]
    fn an_offset_comes_back_as_it_was() {
        let private = "~0123456789abcdefghijkl";
        for offset in [
            offset(&[], &[]),
            offset(&[("general", 0)], &[]),
            offset(
                &[("a", 127), ("b", 128), (private, SEQ_MAX)],
                &[("a", 1), ("b", 2)],
            ),
        ] {
            let text = encoded(&offset);
            assert_eq!(Offset::read(&text), Some((offset, None)));
            let text = format!("{text}.x.y");
            assert_eq!(Offset::read(&text).unwrap().1, Some("x.y"));
        }
        let few = offset(
            &[("general", 4_000), ("lounge", 70_000), ("random", 12)],
            &[],
        );
        assert_eq!(encoded(&few).len(), 39, "short");
    }

    #[test]
    fn what_is_no_offset_is_not_read() {
        let whole = encoded(&offset(&[("general", 300)], &[("general", 1)]));
        let whole = URL_SAFE_NO_PAD.decode(whole).unwrap();
        for length in 0..whole.len() {
            let cut = URL_SAFE_NO_PAD.encode(&whole[..length]);
            // After the parts alone it is an offset again: one without cursors.
            assert_eq!(Offset::read(&cut).is_some(), length == 10, "{length}");
        }
        let long = "A".repeat(OFFSET_MAX + 1);
        let huge = URL_SAFE_NO_PAD.encode([0, 1, b'a', 255, 255, 255, 255, 255, 255, 255, 127]);
        let endless =
            URL_SAFE_NO_PAD.encode([0, 1, b'a', 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        let no_text = URL_SAFE_NO_PAD.encode([0, 1, 0xff, 1]);
        let many = URL_SAFE_NO_PAD.encode([255, 1, 1, b'a']);
        for text in [
            "", ".", "?", "=", "AA==", &long, &huge, &endless, &no_text, &many,
        ] {
            assert_eq!(Offset::read(text), None, "{text}");
        }
    }
}
