//! Parses a client's text frame into a typed command.

use crate::{Piece, Round};
use gateway::commands::Ops;
use std::fmt::Write as _;
use std::hint::black_box;

const FRAMES: u64 = 1_000;

/// A send of 200 characters.
pub(crate) const SEND: Piece = Piece {
    name: "parse_send",
    unit: "frame",
    units: FRAMES,
    steady: true,
    prepare: || Box::new(Frame::of(send())),
};

/// A hello that resumes twenty rooms.
pub(crate) const HELLO: Piece = Piece {
    name: "parse_hello_of_20_rooms",
    unit: "frame",
    units: FRAMES,
    steady: true,
    prepare: || Box::new(Frame::of(hello())),
};

struct Frame {
    ops: Ops,
    text: String,
}

impl Frame {
    fn of(text: String) -> Self {
        let ops = Ops::builtin();
        Self { ops, text }
    }
}

impl Round for Frame {
    fn run(&mut self) {
        for _ in 0..FRAMES {
            let read = self.ops.read(black_box(&self.text));
            black_box(read.is_ok());
        }
    }
}

fn send() -> String {
    let body = "What was said, \\\"quoted\\\" too. ".repeat(7);
    let d = format!(r#"{{"room":"general","cid":"0193f3a1-7c00-7000-8000","body":"{body}"}}"#);
    format!(r#"{{"id":17,"op":"send","d":{d}}}"#)
}

fn hello() -> String {
    let mut cursors = String::new();
    for room in 0..20 {
        let comma = if room == 0 { "" } else { "," };
        write!(cursors, r#"{comma}"room-{room}":{}"#, room * 137)
            .expect("writing to a string succeeds");
    }
    let d = format!(r#"{{"token":"t","tab":"1","epoch":"e","cursors":{{{cursors}}}}}"#);
    format!(r#"{{"id":1,"op":"hello","d":{d}}}"#)
}
