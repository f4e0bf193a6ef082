//! The kinds of floods.

use std::time::Duration;

/// A kind of flood.
#[derive(Debug)]
pub struct Flood {
    /// The name of the flood.
    pub name: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) pace: Pace,
    /// What a client writes first.
    pub(super) opening: &'static [u8],
    /// What a client writes repeatedly.
    pub(super) again: &'static [u8],
    /// Longest life of such a connection, on a machine that is not busy.
    pub gone_within: Duration,
}

/// What a client connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A socket, without `hello`.
    Socket,
    /// HTTP on the public listener.
    People,
    /// HTTP on the operator's listener.
    Operator,
}

/// The pace of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As fast as the kernel accepts, reading nothing.
    Unpaused,
    /// A byte every tenth of a second.
    Dripped,
}

const SOON: Duration = Duration::from_secs(2);
/// A socket without `hello` lives 10 s, and lingers after the close.
const NO_HELLO: Duration = Duration::from_secs(14);
/// A request head may take 5 s, and so may an answer.
const HEAD: Duration = Duration::from_secs(8);
/// A connection that does not read its answers may live 45 s.
const STALLED: Duration = Duration::from_secs(50);

const PING: &[u8] = &[0x89, 0x80, 1, 2, 3, 4];
const PONG: &[u8] = &[0x8a, 0x80, 1, 2, 3, 4];
/// A masked frame with a mask of zeros.
const BEGIN: &[u8] = b"\x01\x81\0\0\0\0x";
const EMPTY: &[u8] = b"\x00\x80\0\0\0\0";
const TINY: &[u8] = b"\x00\x81\0\0\0\0x";
const BAD: &[u8] = b"\x81\x81\0\0\0\0x";
const COMMAND: &[u8] = b"\x81\x9a\0\0\0\0{\"id\":1,\"op\":\"ping\",\"d\":{}}";
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
/// The header of a frame of 60,000 bytes.
const LONG: &[u8] = b"\x81\xfe\xea\x60\0\0\0\0";
const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nhost: parlor\r\n\r\n";
const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"GET /health HTTP/1.1\r\nhost: parlor\r\nx: ";
const LONG_BODY: &[u8] =
    b"POST /api/v1/login HTTP/1.1\r\nhost: parlor\r\ncontent-length: 60000\r\n\r\n{";
const ENDLESS_BODY: &[u8] =
    b"POST /api/v1/login HTTP/1.1\r\nhost: parlor\r\ntransfer-encoding: chunked\r\n\r\n";

const fn socket(name: &'static str, opening: &'static [u8], again: &'static [u8]) -> Flood {
    Flood {
        name,
        endpoint: Endpoint::Socket,
        pace: Pace::Unpaused,
        opening,
        again,
        gone_within: SOON,
    }
}

const fn request(name: &'static str, opening: &'static [u8], again: &'static [u8]) -> Flood {
    Flood {
        endpoint: Endpoint::People,
        ..socket(name, opening, again)
    }
}

impl Flood {
    const fn dripped(self, gone_within: Duration) -> Self {
        Self {
            pace: Pace::Dripped,
            gone_within,
            ..self
        }
    }

    const fn at_the_operators_door(self) -> Self {
        Self {
            endpoint: Endpoint::Operator,
            ..self
        }
    }

    const fn within(self, gone_within: Duration) -> Self {
        Self {
            gone_within,
            ..self
        }
    }
}

/// All floods, in the order in which they run.
pub const FLOODS: &[Flood] = &[
    socket("pings", b"", PING),
    socket("pongs", b"", PONG),
    socket("empty fragments", BEGIN, EMPTY),
    socket("tiny fragments", BEGIN, TINY),
    socket("bad frames", b"", BAD),
    socket("ping commands", b"", COMMAND),
    socket("bytes after the close", CLOSE, BAD),
    socket("no frames at all", b"", b"nothing of this is a frame"),
    socket("a dripped frame", LONG, b"x").dripped(NO_HELLO),
    request("an endless head", HALF_A_HEAD, b"x"),
    request("a dripped head", HALF_A_HEAD, b"x").dripped(HEAD),
    request("an endless body", ENDLESS_BODY, b"4\r\nxxxx\r\n"),
    request("a dripped body", LONG_BODY, b"x").dripped(HEAD),
    request("requests, no answer read", b"", REQUEST).within(STALLED),
    request("a dripped head, operator", HALF_A_HEAD, b"x")
        .at_the_operators_door()
        .dripped(HEAD),
    request("requests, no answer read, operator", b"", LIVE)
        .at_the_operators_door()
        .within(STALLED),
];
