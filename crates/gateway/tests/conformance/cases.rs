//! What a client sends, and what it gets.

use crate::MESSAGE_BYTES;
use crate::client::Received::{self, Binary, Close, Pong, Text};
use crate::client::{frame, header};

/// The frames of a client, and the server's answers to them.
pub(crate) type Case = (Vec<Vec<u8>>, Vec<Received>);

const MORE: u8 = 0x00;
const LAST: u8 = 0x80;
const TEXT: u8 = 0x01;
const BINARY: u8 = 0x02;
const FINAL: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

const KOSME: &[u8] = "κόσμε".as_bytes();

fn text(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | TEXT, payload)
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

pub(crate) fn messages() -> Vec<Case> {
    let lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, MESSAGE_BYTES];
    let echoed = |length: usize| {
        let payload = vec![b'*'; length];
        let frames = vec![text(&payload), frame(FINAL | BINARY, &payload)];
        (frames, vec![Text(payload.clone()), Binary(payload)])
    };
    let mut cases: Vec<Case> = lengths.into_iter().map(echoed).collect();
    let all: Vec<u8> = (0..=255).collect();
    cases.push((vec![frame(FINAL | BINARY, &all)], vec![Binary(all)]));
    cases
}

pub(crate) fn pings() -> Vec<Case> {
    let answered = |length: usize| {
        let payload = vec![0xfe; length];
        (vec![frame(PING, &payload)], vec![Pong(payload)])
    };
    let mut cases: Vec<Case> = (0..=125).step_by(25).map(answered).collect();
    let many = (0..10).map(|n| frame(PING, &[n])).collect();
    cases.push((many, (0..10).map(|n| Pong(vec![n])).collect()));
    cases.push((vec![frame(PING, &[0; 126])], vec![Close(1002)]));
    cases.push((vec![frame(PONG, &[0; 126])], vec![Close(1002)]));
    cases.push((
        vec![frame(PONG, b"unsolicited"), text(b"a")],
        vec![Text(b"a".to_vec())],
    ));
    cases
}

pub(crate) fn reserved() -> Vec<Case> {
    let bits = (1..8u8).map(|bits| bits << 4);
    let kinds = [FINAL | TEXT, FINAL | BINARY, PING, PONG, CLOSE];
    let with_bits = bits.flat_map(|bits| kinds.map(|kind| kind | bits));
    let opcodes = (3..8u8)
        .chain(0xb..0x10)
        .flat_map(|opcode| [FINAL | opcode, opcode]);
    let refused = |first| {
        let frames = vec![text(b"before"), frame(first, b""), frame(PING, b"after")];
        (frames, vec![Text(b"before".to_vec()), Close(1002)])
    };
    with_bits.chain(opcodes).map(refused).collect()
}

pub(crate) fn fragments() -> Vec<Case> {
    let joined = || Text(b"fragment".to_vec());
    vec![
        (
            vec![frame(TEXT, b"frag"), frame(LAST, b"ment")],
            vec![joined()],
        ),
        (
            vec![frame(TEXT, b""), frame(MORE, b""), frame(LAST, b"")],
            vec![Text(Vec::new())],
        ),
        (
            vec![frame(BINARY, b"\xff"), frame(MORE, b""), frame(LAST, b"\0")],
            vec![Binary(b"\xff\0".to_vec())],
        ),
        (
            vec![
                frame(TEXT, b"frag"),
                frame(PING, b"p"),
                frame(PONG, b""),
                frame(LAST, b"ment"),
            ],
            vec![Pong(b"p".to_vec()), joined()],
        ),
        (
            vec![frame(TEXT, b"frag"), frame(LAST, b"ment"), text(b"next")],
            vec![joined(), Text(b"next".to_vec())],
        ),
        (
            b"fragment"
                .iter()
                .map(|byte| [*byte])
                .enumerate()
                .map(|(n, byte)| {
                    let first = match n {
                        0 => TEXT,
                        7 => LAST,
                        _ => MORE,
                    };
                    frame(first, &byte)
                })
                .collect(),
            vec![joined()],
        ),
        (
            vec![frame(MORE, b"nothing began"), text(b"a")],
            vec![Close(1002)],
        ),
        (
            vec![frame(LAST, b"nothing began"), text(b"a")],
            vec![Close(1002)],
        ),
        (
            vec![text(b"a"), frame(LAST, b"b")],
            vec![Text(b"a".to_vec()), Close(1002)],
        ),
        (
            vec![frame(TEXT, b"a"), frame(FINAL | TEXT, b"b")],
            vec![Close(1002)],
        ),
        (
            vec![frame(TEXT, b"a"), frame(BINARY, b"b")],
            vec![Close(1002)],
        ),
        (
            vec![frame(PING & 0x7f, b"a"), frame(LAST, b"b")],
            vec![Close(1002)],
        ),
        (vec![frame(PONG & 0x7f, b"a")], vec![Close(1002)]),
        (vec![frame(CLOSE & 0x7f, b"")], vec![Close(1002)]),
    ]
}

pub(crate) fn utf_8() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for valid in [
        KOSME,
        "\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\u{d7ff}\u{e000}".as_bytes(),
    ] {
        cases.push((vec![text(valid)], vec![Text(valid.to_vec())]));
        for at in 1..valid.len() {
            let (one, other) = valid.split_at(at);
            let frames = vec![frame(TEXT, one), frame(PING, b""), frame(LAST, other)];
            cases.push((frames, vec![Pong(Vec::new()), Text(valid.to_vec())]));
        }
    }
    for bad in [
        &b"\xed\xa0\x80"[..], // a surrogate
        b"\xf4\x90\x80\x80",  // above U+10FFFF
        b"\xc0\xaf",          // overlong
        b"\xe0\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xfe",
        b"\xff",
        b"\xce\xce",
    ] {
        let whole = [KOSME, bad, b"edited"].concat();
        cases.push((vec![text(&whole)], vec![Close(1007)]));
        let (one, other) = whole.split_at(KOSME.len() + 1);
        cases.push((
            vec![frame(TEXT, one), frame(LAST, other)],
            vec![Close(1007)],
        ));
        // Refused at once, though the message has not ended.
        cases.push((vec![frame(TEXT, &whole)], vec![Close(1007)]));
    }
    let incomplete = &KOSME[..3];
    cases.push((vec![text(incomplete)], vec![Close(1007)]));
    cases.push((
        vec![frame(TEXT, incomplete), frame(LAST, b"")],
        vec![Close(1007)],
    ));
    cases.push((
        vec![frame(FINAL | BINARY, b"\xed\xa0\x80")],
        vec![Binary(b"\xed\xa0\x80".to_vec())],
    ));
    cases
}

pub(crate) fn closing() -> Vec<Case> {
    let valid = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let invalid = [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ];
    let mut cases: Vec<Case> = Vec::new();
    cases.extend(valid.map(|code| (vec![close(code, b"")], vec![Close(code)])));
    cases.extend(invalid.map(|code| (vec![close(code, b"")], vec![Close(1002)])));
    cases.extend([
        (vec![frame(CLOSE, b"")], vec![Close(1005)]),
        (vec![frame(CLOSE, b"\x03")], vec![Close(1002)]),
        (vec![close(1000, &[b'x'; 123])], vec![Close(1000)]),
        (vec![close(1000, &[b'x'; 124])], vec![Close(1002)]),
        (vec![close(1000, KOSME)], vec![Close(1000)]),
        (vec![close(1000, b"\xed\xa0\x80")], vec![Close(1007)]),
        (
            vec![text(b"a"), close(1000, b""), text(b"b")],
            vec![Text(b"a".to_vec()), Close(1000)],
        ),
        (vec![close(1000, b""), close(1001, b"")], vec![Close(1000)]),
        (
            vec![frame(TEXT, b"unfinished"), close(1000, b"")],
            vec![Close(1000)],
        ),
    ]);
    cases
}

pub(crate) fn limits() -> Vec<Case> {
    let (most, more) = (MESSAGE_BYTES as u64, vec![b'x'; MESSAGE_BYTES / 2]);
    vec![
        (vec![header(FINAL | TEXT, most + 1)], vec![Close(1009)]),
        (vec![header(FINAL | BINARY, 1 << 62)], vec![Close(1009)]),
        (
            vec![frame(TEXT, &more), frame(MORE, &more), frame(LAST, b"x")],
            vec![Close(1009)],
        ),
        // No mask.
        (vec![b"\x81\x05hello".to_vec()], vec![Close(1002)]),
        // No length has this bit (5.2).
        (vec![header(FINAL | TEXT, 1 << 63)], vec![Close(1009)]),
    ]
}
