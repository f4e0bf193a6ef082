//! A command without its type, as the wire knows it: an op.

use crate::cancel_on_drop::CancelOnDrop;
use crate::{Asked, Command, Cost, Declined, Rights, name};
use bus::{AskError, Bus, Tasks, TraceId};
use futures_util::future::BoxFuture;
use rooms::api::log::Standing;
use rooms::api::{Refusal, RoomKey, StandingOf};
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use sessions::api::Caller;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The names that the protocol keeps for extensions of this repository.
const WITHOUT_PREFIX: [&str; 1] = ["search"];

/// One op of an extension.
pub struct WireOp {
    /// Its name on the wire, such as `x.karma.top`.
    pub name: String,
    /// The extension that answers it.
    pub extension: &'static str,
    /// Whether it may change something.
    pub writes: bool,
    /// What it costs the client.
    pub cost: Cost,
    read: Box<Read>,
}

/// Reads a command from its fields.
type Read = dyn Fn(Input<'_>) -> Result<Box<dyn WireCall>, Declined> + Send + Sync;

/// The fields of a command, as a client sent them.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// The `d` of a frame, or the body of a request.
    Json(Option<&'a RawValue>),
    /// The query of a URL.
    Query(&'a str),
}

/// A command whose fields have been read.
pub trait WireCall: Send {
    /// The room whose commands it is ordered with.
    fn room(&self) -> Option<&RoomKey>;

    /// Checks the caller's rights and carries it out; the answer is JSON.
    fn call(
        self: Box<Self>,
        caller: Caller,
        trace: TraceId,
        within: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, Declined>>;
}

impl WireOp {
    /// Returns the op of the command `C` of this extension.
    pub(crate) fn of<C: Command>(
        extension: &'static str,
        (bus, tasks): (&Bus, &Tasks),
        rights: Rights,
        writes: bool,
    ) -> Self {
        let (bus, tasks) = (bus.clone(), tasks.clone());
        Self {
            name: wire_name(C::NAME),
            extension,
            writes,
            cost: C::COST,
            read: Box::new(move |input| {
                let command: C = read(input)?;
                let room = command.room().map(|room| RoomKey(room.into()));
                Ok(Box::new(Prepared {
                    command,
                    room,
                    rights,
                    writes,
                    bus: bus.clone(),
                    writer: AnswerWriter {
                        extension,
                        tasks: tasks.clone(),
                    },
                }))
            }),
        }
    }

    /// Reads a command of this op; a refusal names the field.
    pub fn read(&self, input: Input<'_>) -> Result<Box<dyn WireCall>, Declined> {
        (self.read)(input)
    }
}

/// Returns whether a command may have this name in this extension.
pub(crate) fn is_name_of(command: &str, extension: &str) -> bool {
    if WITHOUT_PREFIX.contains(&command) {
        return command == extension;
    }
    let verb = command.strip_prefix(extension);
    let verb = verb.and_then(|rest| rest.strip_prefix('.'));
    verb.is_some_and(name::is_name)
}

fn wire_name(command: &str) -> String {
    if WITHOUT_PREFIX.contains(&command) {
        command.to_owned()
    } else {
        format!("x.{command}")
    }
}

struct Prepared<C> {
    command: C,
    room: Option<RoomKey>,
    rights: Rights,
    writes: bool,
    bus: Bus,
    writer: AnswerWriter,
}

/// Writes answers as JSON on the extension's runtime, where they are dropped too: both take as long as an
/// answer is large.
struct AnswerWriter {
    extension: &'static str,
    tasks: Tasks,
}

impl AnswerWriter {
    async fn write<C: Command>(&self, answer: C::Answer) -> Result<Box<RawValue>, Declined> {
        let (sender, written) = oneshot::channel();
        let task = self.tasks.once(self.extension, C::NAME, async move {
            let json = to_raw_value(&answer);
            drop(answer);
            // Fails only if the client's time is over.
            let _ = sender.send(json);
        });
        let _cancel = CancelOnDrop(task);
        // Dropped without a result: it panicked, and the log says so.
        let json = written.await.map_err(|_| AskError::Failed)?;
        json.map_err(|error| {
            tracing::error!(op = C::NAME, %error, "an answer cannot be written as JSON");
            Declined::Internal
        })
    }
}

impl<C: Command> WireCall for Prepared<C> {
    fn room(&self) -> Option<&RoomKey> {
        self.room.as_ref()
    }

    fn call(
        self: Box<Self>,
        caller: Caller,
        trace: TraceId,
        within: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, Declined>> {
        Box::pin(async move {
            let Self {
                command,
                room,
                rights,
                writes,
                bus,
                writer,
            } = *self;
            let deadline = Instant::now() + within;
            let standing = match &room {
                Some(room) => standing(&bus, room, &caller, rights, (trace, within)).await?,
                None if rights.are_in_a_room() => {
                    return Err(Declined::field("room", "must be the key of a room"));
                }
                None => None,
            };
            rights.check(&caller, standing.as_ref())?;
            let asked = Asked {
                command,
                caller,
                standing,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = bus.ask_traced(asked, left, trace).await;
            let answer = answer.map_err(|error| unanswered(error, writes, deadline))??;
            let left = deadline.saturating_duration_since(Instant::now());
            let written = timeout(left, writer.write::<C>(answer)).await;
            written.unwrap_or(Err(Declined::OutcomeUnknown))
        })
    }
}

/// Returns what the client gets if the extension does not answer. The database of chat has no part in that;
/// and a write whose time is over may have been carried out.
fn unanswered(error: AskError, writes: bool, deadline: Instant) -> Declined {
    match error {
        AskError::Unavailable { .. } if writes && Instant::now() >= deadline => {
            Declined::OutcomeUnknown
        }
        AskError::Unavailable { .. } => Declined::Overloaded,
        other => other.into(),
    }
}

/// Returns the caller's rights in the room; `None` for a stranger, if `rights` allow one.
async fn standing(
    bus: &Bus,
    room: &RoomKey,
    caller: &Caller,
    rights: Rights,
    (trace, within): (TraceId, Duration),
) -> Result<Option<Standing>, Declined> {
    let request = StandingOf {
        room: room.clone(),
        user: caller.user.id,
    };
    match bus.ask_traced(request, within, trace).await? {
        Ok(standing) => Ok(Some(standing)),
        Err(Refusal::NotMember | Refusal::NoSuchRoom) if !rights.are_in_a_room() => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn read<C: DeserializeOwned>(input: Input<'_>) -> Result<C, Declined> {
    match input {
        Input::Json(d) => {
            let text = d.map_or("{}", RawValue::get);
            // serde would also read a struct from an array.
            if !text.trim_start().starts_with('{') {
                return Err(Declined::field("d", "must be an object"));
            }
            let mut json = serde_json::Deserializer::from_str(text);
            let read = serde_path_to_error::deserialize(&mut json);
            read.map_err(|error| {
                let at = error.path().to_string();
                wrong(&at, &error.inner().to_string())
            })
        }
        Input::Query(query) => {
            let fields =
                serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
            let read = serde_path_to_error::deserialize(fields);
            read.map_err(|error| {
                let at = error.path().to_string();
                wrong(&at, &error.inner().to_string())
            })
        }
    }
}

/// Names the field that serde's error is about, and what it must be. What the client sent is not
/// repeated. A missing field is named by the error's text alone.
fn wrong(path: &str, why: &str) -> Declined {
    let missing = why.strip_prefix("missing field `");
    let missing = missing.and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = missing {
        let field = match path {
            "." => field.to_owned(),
            within => format!("{within}.{field}"),
        };
        return Declined::field(field, "is required");
    }
    let expected = why.rsplit_once(", expected ").map(|(_, rest)| {
        let expected = rest.split(" at line ").next().unwrap_or(rest);
        format!("must be {expected}")
    });
    let expected = expected.unwrap_or_else(|| "is not valid".to_owned());
    let field = if path == "." { "d" } else { path };
    Declined::field(field.to_owned(), expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Top {
        room: String,
        limit: u32,
        #[serde(default)]
        deep: Option<Deep>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Deep {
        on: bool,
    }

    fn json(text: &str) -> Result<Top, Declined> {
        let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
        read(Input::Json(Some(&raw)))
    }

    fn field(refused: Result<Top, Declined>) -> String {
        match refused.unwrap_err() {
            Declined::BadField { field, .. } => field.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fields_come_from_json_or_a_query() {
        let top = || Top {
            room: "7".to_owned(),
            limit: 7,
            deep: None,
        };
        assert_eq!(json(r#"{"room":"7","limit":7,"more":[]}"#).unwrap(), top());
        assert_eq!(read::<Top>(Input::Query("limit=7&room=7")).unwrap(), top());
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (text, name) in [
            (r#"{"limit":7}"#, "room"),
            (r#"{"room":7,"limit":7}"#, "room"),
            (r#"{"room":"a","limit":-1}"#, "limit"),
            (r#"{"room":"a","limit":1.5}"#, "limit"),
            (r#"{"room":"a","limit":7,"deep":{}}"#, "deep.on"),
            (r#"{"room":"a","limit":7,"deep":{"on":1}}"#, "deep.on"),
            (r#"{"room":"a","room":"b","limit":7}"#, "d"),
            ("[\"a\",7]", "d"),
            ("null", "d"),
        ] {
            assert_eq!(field(json(text)), name, "{text}");
        }
        assert_eq!(field(read(Input::Json(None))), "room");
        for (query, name) in [
            ("room=a", "limit"),
            ("room=a&limit=b", "limit"),
            ("", "room"),
        ] {
            assert_eq!(field(read(Input::Query(query))), name, "{query}");
        }
    }

    #[test]
    fn an_error_says_what_is_expected_and_not_what_was_sent() {
        for (text, expected) in [
            (r#"{"room":"a","limit":"sesame"}"#, "must be u32"),
            (r#"{"room":{"sesame":1},"limit":7}"#, "must be a string"),
            (r#"{"room":"a","limit":-7}"#, "must be u32"),
        ] {
            let Err(Declined::BadField { expected: told, .. }) = json(text) else {
                panic!("{text} was read");
            };
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn a_command_is_named_after_its_extension() {
        assert!(is_name_of("karma.top", "karma"));
        assert!(is_name_of("search", "search"));
        for name in [
            "top",
            "karma",
            "karma.",
            "karma.Top",
            "karma.a.b",
            "karmatop",
            "stats.top",
            "search",
        ] {
            assert!(!is_name_of(name, "karma"), "{name}");
        }
        assert_eq!(wire_name("karma.top"), "x.karma.top");
        assert_eq!(wire_name("search"), "search");
    }
}
