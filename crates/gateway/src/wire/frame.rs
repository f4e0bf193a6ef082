//! From a text frame to a command, or to what is wrong with it.

use super::command::Command;
use super::error::{BAD_FRAME, Error, UNKNOWN_OP};
use super::fields::{Fields, INTEGER_MAX};
use super::ops::Op;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A command and the id its reply will carry.
#[derive(Debug)]
pub struct Request {
    /// The client's.
    pub id: u64,
    /// What.
    pub command: Command,
}

/// A frame that is no command; the reply carries the id if one could be read.
#[derive(Debug)]
pub struct Malformed {
    /// The client's.
    pub id: Option<u64>,
    /// What is wrong.
    pub error: Box<Error>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    op: Option<&'a RawValue>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

/// Reads one text frame.
pub fn read(text: &str) -> Result<Request, Malformed> {
    let envelope = envelope(text).ok_or(Malformed {
        id: None,
        error: Box::new(Error::new(&BAD_FRAME)),
    })?;
    let id = envelope.id.and_then(id);
    let malformed = |error| Malformed {
        id,
        error: Box::new(error),
    };
    let Some(id) = id else {
        return Err(malformed(Error::new(&BAD_FRAME)));
    };
    let op: String = envelope
        .op
        .and_then(|op| serde_json::from_str(op.get()).ok())
        .ok_or_else(|| malformed(Error::new(&BAD_FRAME)))?;
    let op = Op::by_name(&op).ok_or_else(|| malformed(Error::new(&UNKNOWN_OP)))?;
    let fields = Fields::read(envelope.d).map_err(malformed)?;
    let command = Command::read(op, &fields).map_err(malformed)?;
    Ok(Request { id, command })
}

fn envelope(text: &str) -> Option<Envelope<'_>> {
    // A struct would also be read from an array.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn id(raw: &RawValue) -> Option<u64> {
    let id: u64 = serde_json::from_str(raw.get()).ok()?;
    (id <= INTEGER_MAX.unsigned_abs()).then_some(id)
}
