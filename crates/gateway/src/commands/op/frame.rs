//! Parses a text frame into a command, or returns what is wrong with it.

use super::{Command, Op, Ops};
use crate::wire::{BAD_FRAME, Error, INTEGER_MAX, UNKNOWN_OP};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

const ID: &str = "The id must be a whole number from 0 to 9007199254740991.";
const OP: &str = "The op must be the name of a command.";

/// A command and the id of its reply.
#[derive(Debug)]
pub struct CommandFrame {
    /// Chosen by the client; 0 to 2^53-1.
    pub id: u64,
    /// The parsed command; only the types of its fields are checked.
    pub command: Command,
}

/// A frame that is not a command; the error carries the id if it could be read.
#[derive(Debug)]
pub struct Malformed {
    /// Chosen by the client; `None` if it could not be read.
    pub id: Option<u64>,
    /// The operation, if it is known.
    pub op: Option<Arc<Op>>,
    /// The error for the client.
    pub error: Box<Error>,
}

#[derive(Deserialize)]
struct RawFrame<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    op: Option<&'a RawValue>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

impl Ops {
    /// Parses one text frame.
    ///
    /// # Errors
    /// If the frame is not a command of this table.
    pub fn read(&self, text: &str) -> Result<CommandFrame, Malformed> {
        let raw_frame = raw_frame(text).ok_or(Malformed {
            id: None,
            op: None,
            error: Box::new(Error::new(&BAD_FRAME)),
        })?;
        let id = raw_frame.id.and_then(id);
        let malformed = |op: Option<&Arc<Op>>, error| Malformed {
            id,
            op: op.cloned(),
            error: Box::new(error),
        };
        let Some(id) = id else {
            return Err(malformed(None, Error::new(&BAD_FRAME).saying(ID)));
        };
        let op: String = raw_frame
            .op
            .and_then(|op| serde_json::from_str(op.get()).ok())
            .ok_or_else(|| malformed(None, Error::new(&BAD_FRAME).saying(OP)))?;
        let op = self.by_name(&op);
        let op = op.ok_or_else(|| malformed(None, Error::new(&UNKNOWN_OP)))?;
        let command = op
            .read_json(raw_frame.d)
            .map_err(|error| malformed(Some(op), error))?;
        Ok(CommandFrame { id, command })
    }
}

fn raw_frame(text: &str) -> Option<RawFrame<'_>> {
    // serde would also read a struct from an array.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn id(raw: &RawValue) -> Option<u64> {
    let id: u64 = serde_json::from_str(raw.get()).ok()?;
    (id <= INTEGER_MAX.unsigned_abs()).then_some(id)
}

#[cfg(test)]
mod tests {
    use crate::commands::{Command, Lane, Malformed, Ops};

    fn read(text: &str) -> Result<super::CommandFrame, Malformed> {
        Ops::builtin().read(text)
    }

    /// Returns the id, the error's name and the field that it names.
    fn refused(text: &str) -> (Option<u64>, &'static str, Option<&'static str>) {
        let malformed = read(text).expect_err(text);
        let error = *malformed.error;
        (malformed.id, error.kind.name, error.about)
    }

    fn command(text: &str) -> Command {
        read(text).expect(text).command
    }

    #[test]
    fn a_frame_that_is_no_object_with_an_id_is_a_bad_frame() {
        let frames = [
            "",
            "nonsense",
            "null",
            "7",
            "[7,\"ping\",{}]",
            "{\"id\":7,\"op\":\"ping\"",
            "{\"id\":7,\"op\":\"ping\"}}",
            "{\"op\":\"ping\"}",
            "{\"id\":null,\"op\":\"ping\"}",
            "{\"id\":\"7\",\"op\":\"ping\"}",
            "{\"id\":-1,\"op\":\"ping\"}",
            "{\"id\":1.5,\"op\":\"ping\"}",
            "{\"id\":9007199254740992,\"op\":\"ping\"}",
            "{\"id\":7,\"id\":8,\"op\":\"ping\"}",
        ];
        for frame in frames {
            assert_eq!(refused(frame), (None, "bad_frame", None), "{frame}");
        }
    }

    #[test]
    fn a_readable_id_comes_back_with_the_refusal() {
        assert_eq!(refused(r#"{"id":7}"#), (Some(7), "bad_frame", None));
        assert_eq!(refused(r#"{"id":7,"op":8}"#), (Some(7), "bad_frame", None));
        let unknown = refused(r#"{"id":0,"op":"dance","d":{}}"#);
        assert_eq!(unknown, (Some(0), "unknown_op", None));
        let highest = refused(r#"{"id":9007199254740991,"op":"dance"}"#);
        assert_eq!(highest, (Some(9_007_199_254_740_991), "unknown_op", None));
    }

    #[test]
    fn a_missing_or_mistyped_field_is_named() {
        let cases = [
            (r#"{"id":1,"op":"send","d":[]}"#, "d"),
            (r#"{"id":1,"op":"send","d":"x"}"#, "d"),
            (r#"{"id":1,"op":"send"}"#, "room"),
            (r#"{"id":1,"op":"send","d":{"room":7}}"#, "room"),
            (r#"{"id":1,"op":"send","d":{"room":"x"}}"#, "cid"),
            (r#"{"id":1,"op":"send","d":{"room":"x","cid":"c"}}"#, "body"),
            (
                r#"{"id":1,"op":"send","d":{"room":"x","cid":"c","body":"b","reply_to":"1"}}"#,
                "reply_to",
            ),
            (r#"{"id":1,"op":"read","d":{"room":"x","seq":-1}}"#, "seq"),
            (
                r#"{"id":1,"op":"read","d":{"room":"x","seq":9007199254740992}}"#,
                "seq",
            ),
            (
                r#"{"id":1,"op":"react","d":{"room":"x","target":1,"emoji":"x","on":1}}"#,
                "on",
            ),
            (
                r#"{"id":1,"op":"room.create","d":{"name":"x","kind":"direct"}}"#,
                "kind",
            ),
            (
                r#"{"id":1,"op":"role","d":{"room":"x","user":"@a","role":"king"}}"#,
                "role",
            ),
            (
                r#"{"id":1,"op":"mute","d":{"room":"x","user":"@a"}}"#,
                "until_ms",
            ),
            (
                r#"{"id":1,"op":"history","d":{"room":"x","before":9,"after":1}}"#,
                "after",
            ),
            (r#"{"id":1,"op":"hello","d":{}}"#, "guest"),
            (
                r#"{"id":1,"op":"hello","d":{"guest":"a","token":"t"}}"#,
                "guest",
            ),
            (
                r#"{"id":1,"op":"hello","d":{"guest":"a","cursors":{"x":1}}}"#,
                "epoch",
            ),
            (
                r#"{"id":1,"op":"hello","d":{"guest":"a","epoch":"e","cursors":{"x":-1}}}"#,
                "cursors",
            ),
            (
                r#"{"id":1,"op":"hello","d":{"guest":"a","subscribe":"some"}}"#,
                "subscribe",
            ),
            (
                r#"{"id":1,"op":"hello","d":{"guest":"a","tab":"123456789012345678901234567890123"}}"#,
                "tab",
            ),
        ];
        for (frame, field) in cases {
            assert_eq!(
                refused(frame),
                (Some(1), "bad_request", Some(field)),
                "{frame}"
            );
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_bad_text() {
        let frame = r#"{"id":1,"op":"send","d":{"room":"x","cid":"c","body":"\ud800"}}"#;
        assert_eq!(refused(frame), (Some(1), "bad_text", Some("body")));
    }

    #[test]
    fn unknown_fields_and_nulls_for_optional_ones_are_ignored() {
        let frame =
            r#" {"x":1,"d":{"room":"x","after":null,"limit":null,"y":[]},"op":"join","id":3}"#;
        assert_eq!(command(frame).op().name, "join");
    }

    #[test]
    fn null_and_empty_cursors_count_as_absent() {
        for cursors in ["null", "{}"] {
            let frame = format!(
                r#"{{"id":1,"op":"hello","d":{{"token":"t","epoch":null,"cursors":{cursors}}}}}"#
            );
            assert!(command(&frame).is_hello());
        }
    }

    #[test]
    fn a_token_may_accompany_a_jwt() {
        let frame = r#"{"id":1,"op":"hello","d":{"jwt":"j","token":"t","subscribe":"all"}}"#;
        assert!(command(frame).is_hello());
    }

    /// A `d` that has every field any command asks for, with values that all of them take.
    const EVERYTHING: &str = r#"{"room":"x","cid":"c","body":"b","target":1,"emoji":"e","on":true,
        "after":"1","seq":1,"name":"x","kind":"public","user":"@a","until_ms":0,"role":"member",
        "session":"s","guest":"g","link":"l","code":"c","users":[]}"#;

    #[test]
    fn every_op_of_the_table_reads_as_itself() {
        for op in Ops::builtin().iter() {
            // A cursor here, the token of a page there.
            let d = match op.name {
                "join" | "log" | "history" => EVERYTHING.replace("\"1\"", "1"),
                _ => EVERYTHING.to_owned(),
            };
            let frame = format!(r#"{{"id":1,"op":"{}","d":{d}}}"#, op.name);
            assert_eq!(command(&frame).op().number, op.number);
        }
    }

    #[test]
    fn a_public_room_is_in_order_from_its_creation_on() {
        let created = command(r#"{"id":1,"op":"room.create","d":{"name":"x","kind":"public"}}"#);
        assert_eq!(created.room().expect("its name is its key").0.as_ref(), "x");
        let private = command(r#"{"id":1,"op":"room.create","d":{"name":"x","kind":"private"}}"#);
        assert_eq!(private.room(), None);
        assert!(matches!(created.op().lane, Lane::Ordered(_)));
    }
}
