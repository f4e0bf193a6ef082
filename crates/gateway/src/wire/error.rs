//! The errors of the protocol: their table and their shape.

use super::limit_message::limit_message;
use bus::{AskError, TraceId};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::time::Duration;

/// One row of the table of errors.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorKind {
    /// The HTTP status code.
    pub code: u16,
    /// The stable name, by which clients tell errors apart.
    pub name: &'static str,
    /// A text for people; not stable.
    pub message: &'static str,
}

impl ErrorKind {
    /// Returns whether the same command may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self.code, 429 | 503 | 504)
    }
}

macro_rules! table {
    ($($constant:ident = $code:literal $name:literal, $message:literal;)*) => {
        /// Every error a client may see.
        pub const ERRORS: &[&ErrorKind] = &[$(&$constant),*];
        $(
            #[doc = concat!("`", $name, "`: ", $message)]
            pub static $constant: ErrorKind =
                ErrorKind { code: $code, name: $name, message: $message };
        )*
    };
}

table! {
    BAD_FRAME = 400 "bad_frame", "This is not a command. Please send one JSON object with an id and an op.";
    BAD_REQUEST = 400 "bad_request", "Something is missing or invalid. Please check what you sent.";
    UNKNOWN_OP = 400 "unknown_op", "This server has no such command.";
    BAD_TEXT = 400 "bad_text", "This text cannot be used. Please write plain text, not too long.";
    UNAUTHENTICATED = 401 "unauthenticated", "Please sign in first.";
    TOKEN_EXPIRED = 401 "token_expired", "Your sign-in has expired. Please sign in again.";
    BAD_CREDENTIALS = 401 "bad_credentials", "This sign-in is not valid. Please sign in again.";
    NOT_MEMBER = 403 "not_member", "You are not in this room. Please join it first.";
    FORBIDDEN = 403 "forbidden", "You are not allowed to do that. An owner or moderator of the room may be able to help.";
    MUTED = 403 "muted", "You are muted in this room for now. You can still read.";
    BANNED = 403 "banned", "You are banned from this room. Only its moderators can let you in again.";
    GUESTS_OFF = 403 "guests_off", "This server has no guests. Please sign in, or register.";
    NOT_ALLOWED_FOR_GUESTS = 403 "not_allowed_for_guests", "Guests cannot do that. Please register first.";
    LIMIT_REACHED = 403 "limit_reached", "You have reached a limit of this server. Please try again later.";
    NO_SUCH_ROOM = 404 "no_such_room", "There is no such room for you. Please check its name, or ask for an invitation.";
    NO_SUCH_MESSAGE = 404 "no_such_message", "There is no such message here. It may be too old.";
    NO_SUCH_USER = 404 "no_such_user", "There is nobody with this name. Please check the spelling.";
    NO_SUCH_PATH = 404 "no_such_path", "There is nothing at this address. Please check it.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed", "This address works with another method, which the header Allow names.";
    CID_CONFLICT = 409 "cid_conflict", "Another message was sent with this cid. Please choose a new one.";
    NAME_TAKEN = 409 "name_taken", "This name is taken. Please choose another one.";
    TOO_LARGE = 413 "too_large", "This is too large. Please send less at once.";
    RATE_LIMITED = 429 "rate_limited", "That was too much at once. Please wait a moment and try again.";
    INTERNAL = 500 "internal", "Something went wrong on the server. If it happens again, please tell whoever runs it.";
    OVERLOADED = 503 "overloaded", "The server is very busy. Please try again in a moment.";
    STORAGE_UNAVAILABLE = 503 "storage_unavailable", "Nothing can be sent or read at the moment. Please try again soon.";
    DRAINING = 503 "draining", "The server is about to restart. Please try again in a moment.";
    OUTCOME_UNKNOWN = 504 "outcome_unknown", "It took too long, and may or may not have been done. Please try again.";
}

/// For a token that once was valid, or never.
pub(crate) const SESSION_ENDED: &str = "Your session has ended. Please sign in again.";
const OTHER_LEFT: &str = "The other person has left this conversation. They can open it again.";

/// An error as the client gets it when a command is refused or fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Its row in the table.
    pub kind: &'static ErrorKind,
    /// The field that is missing or wrong, or the limit that was reached.
    pub about: Option<&'static str>,
    /// What is expected of the field, or a text for people that replaces the kind's own.
    pub expected: Option<&'static str>,
    /// A free name, if the chosen one is taken.
    pub suggest: Option<Box<str>>,
    /// How long the client should wait before it tries again.
    pub retry_after: Option<Duration>,
    /// The trace under which the log has the command.
    pub trace: Option<TraceId>,
}

impl Error {
    /// Returns an error of this kind.
    #[must_use]
    pub const fn new(kind: &'static ErrorKind) -> Self {
        Self {
            kind,
            about: None,
            expected: None,
            suggest: None,
            retry_after: None,
            trace: None,
        }
    }

    /// Returns `bad_request` for this field.
    #[must_use]
    pub fn field(field: &'static str, expected: &'static str) -> Self {
        Self {
            about: Some(field),
            expected: Some(expected),
            ..Self::new(&BAD_REQUEST)
        }
    }

    /// Returns the error with a text that replaces the kind's own.
    #[must_use]
    pub fn saying(self, text: &'static str) -> Self {
        Self {
            expected: Some(text),
            ..self
        }
    }

    /// Returns `limit_reached` for this limit.
    #[must_use]
    pub fn limit(limit: &'static str) -> Self {
        Self {
            about: Some(limit),
            expected: limit_message(limit),
            ..Self::new(&LIMIT_REACHED)
        }
    }

    /// Returns `rate_limited` with the time to wait.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(&RATE_LIMITED)
        }
    }

    /// Adds the trace.
    #[must_use]
    pub fn traced(mut self, trace: TraceId) -> Self {
        self.trace = Some(trace);
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.name)
    }
}

impl std::error::Error for Error {}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.kind.code)?;
        map.serialize_entry("name", self.kind.name)?;
        match (self.about, self.expected) {
            (Some(field), Some(expected)) if self.kind != &LIMIT_REACHED => {
                map.serialize_entry("message", &format_args!("{field}: {expected}"))?;
            }
            (_, words) => {
                map.serialize_entry("message", words.unwrap_or(self.kind.message))?;
            }
        }
        map.serialize_entry("retryable", &self.kind.retryable())?;
        if let Some(about) = self.about {
            let reached = self.kind == &LIMIT_REACHED;
            map.serialize_entry(if reached { "limit" } else { "field" }, about)?;
        }
        if let Some(suggest) = &self.suggest {
            map.serialize_entry("suggest", suggest)?;
        }
        if let Some(after) = self.retry_after {
            map.serialize_entry("retry_after_ms", &whole_ms(after))?;
        }
        if let Some(trace) = self.trace {
            map.serialize_entry("trace", &format_args!("{trace}"))?;
        }
        map.end()
    }
}

/// Rounds up to milliseconds, so that a client that waits this long is not too early.
fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Randomizes a delay between 0.5 and 1.5 times its value, so that clients refused together do not come
/// back together.
fn spread(retry_after: Duration) -> Duration {
    retry_after.mul_f64(rand::random_range(0.5..1.5))
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Overloaded => Self::new(&OVERLOADED),
            AskError::Unavailable { retry_after } => Self {
                retry_after: Some(spread(retry_after)),
                ..Self::new(&STORAGE_UNAVAILABLE)
            },
            AskError::OutcomeUnknown => Self::new(&OUTCOME_UNKNOWN),
            AskError::Failed => Self::new(&INTERNAL),
            AskError::Draining => Self::new(&DRAINING),
        }
    }
}

impl From<sessions::api::Refusal> for Error {
    fn from(refusal: sessions::api::Refusal) -> Self {
        use sessions::api::Refusal as R;
        match refusal {
            R::BadRequest { field, expected } => Self::field(field, expected),
            R::BadCredentials => Self::new(&BAD_CREDENTIALS),
            R::TokenInvalid => Self::new(&BAD_CREDENTIALS).saying(SESSION_ENDED),
            R::TokenExpired => Self::new(&TOKEN_EXPIRED),
            R::GuestsOff => Self::new(&GUESTS_OFF),
            R::Forbidden => Self::new(&FORBIDDEN),
            R::NotAllowedForGuests => Self::new(&NOT_ALLOWED_FOR_GUESTS),
            R::LimitReached { limit } => Self::limit(limit),
            R::NoSuchUser => Self::new(&NO_SUCH_USER),
            R::NameTaken { suggest } => Self {
                suggest: suggest.map(Into::into),
                ..Self::new(&NAME_TAKEN)
            },
            R::Overloaded { retry_after_ms } => Self {
                retry_after: Some(spread(Duration::from_millis(retry_after_ms))),
                ..Self::new(&OVERLOADED)
            },
            R::RateLimited { retry_after_ms } => {
                Self::rate_limited(Duration::from_millis(retry_after_ms))
            }
        }
    }
}

impl From<rooms::api::Refusal> for Error {
    fn from(refusal: rooms::api::Refusal) -> Self {
        use rooms::api::Refusal as R;
        match refusal {
            R::BadRequest { field, expected } => Self::field(field, expected),
            R::BadText { field, why } => Self {
                about: Some(field),
                expected: Some(why),
                ..Self::new(&BAD_TEXT)
            },
            R::NotMember => Self::new(&NOT_MEMBER),
            R::Forbidden => Self::new(&FORBIDDEN),
            R::OtherLeft => Self::new(&FORBIDDEN).saying(OTHER_LEFT),
            R::Muted => Self::new(&MUTED),
            R::Banned => Self::new(&BANNED),
            R::NotAllowedForGuests => Self::new(&NOT_ALLOWED_FOR_GUESTS),
            R::LimitReached { limit } => Self::limit(limit),
            R::NoSuchRoom => Self::new(&NO_SUCH_ROOM),
            R::NoSuchMessage => Self::new(&NO_SUCH_MESSAGE),
            R::NoSuchUser => Self::new(&NO_SUCH_USER),
            R::CidConflict => Self::new(&CID_CONFLICT),
            R::NameTaken { suggest } => Self {
                suggest: suggest.map(Into::into),
                ..Self::new(&NAME_TAKEN)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shown(error: &Error) -> Value {
        serde_json::to_value(error).unwrap()
    }

    #[test]
    fn the_table_is_the_protocols() {
        let line = |kind: &&ErrorKind| format!("{} {}", kind.code, kind.name);
        let table: Vec<String> = ERRORS.iter().map(line).collect();
        let expected = [
            "400 bad_frame",
            "400 bad_request",
            "400 unknown_op",
            "400 bad_text",
            "401 unauthenticated",
            "401 token_expired",
            "401 bad_credentials",
            "403 not_member",
            "403 forbidden",
            "403 muted",
            "403 banned",
            "403 guests_off",
            "403 not_allowed_for_guests",
            "403 limit_reached",
            "404 no_such_room",
            "404 no_such_message",
            "404 no_such_user",
            "404 no_such_path",
            "405 method_not_allowed",
            "409 cid_conflict",
            "409 name_taken",
            "413 too_large",
            "429 rate_limited",
            "500 internal",
            "503 overloaded",
            "503 storage_unavailable",
            "503 draining",
            "504 outcome_unknown",
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn only_429_503_and_504_are_worth_repeating() {
        for kind in ERRORS {
            let expected = [429, 503, 504].contains(&kind.code);
            assert_eq!(shown(&Error::new(kind))["retryable"], json!(expected));
        }
    }

    #[test]
    fn an_error_names_its_field_or_limit() {
        let field = shown(&Error::field("body", "expected a string"));
        assert_eq!(field["field"], "body");
        assert_eq!(field["message"], "body: expected a string");
        let limit = shown(&Error::limit("rooms_max"));
        assert_eq!(
            (&limit["limit"], limit.get("field")),
            (&json!("rooms_max"), None)
        );
        let message = limit["message"].as_str().unwrap();
        assert!(message.starts_with("You are in as many rooms"), "{message}");
        let rate = shown(&Error::rate_limited(Duration::from_micros(799_001)));
        assert_eq!(rate["retry_after_ms"], 800);
        let traced = shown(&Error::new(&INTERNAL).traced(TraceId(7)));
        assert_eq!(traced["trace"], format!("{:032x}", 7));
    }

    #[test]
    fn texts_are_sentences_for_people() {
        for kind in ERRORS {
            let text = kind.message;
            assert!(text.ends_with('.'), "{text}");
            assert!(text.starts_with(char::is_uppercase), "{text}");
            for internal in [
                "hello",
                "frame",
                "socket",
                "database",
                "credential",
                "storage",
            ] {
                assert!(!text.contains(internal), "{text}");
            }
        }
    }

    #[test]
    fn every_refusal_has_its_name() {
        use rooms::api::Refusal as R;
        use sessions::api::Refusal as S;
        let name = |error: Error| error.kind.name;
        assert_eq!(name(S::TokenInvalid.into()), "bad_credentials");
        assert_eq!(name(S::GuestsOff.into()), "guests_off");
        assert_eq!(name(R::CidConflict.into()), "cid_conflict");
        assert_eq!(name(R::NoSuchMessage.into()), "no_such_message");
        let taken = Error::from(S::NameTaken {
            suggest: Some("alice-2".to_owned()),
        });
        assert_eq!(shown(&taken)["suggest"], "alice-2");
        let text = Error::from(R::BadText {
            field: "body",
            why: "empty",
        });
        assert_eq!(shown(&text)["name"], "bad_text");
        let away = Error::from(AskError::Unavailable {
            retry_after: Duration::from_secs(1),
        });
        assert_eq!(shown(&away)["name"], "storage_unavailable");
        let after = shown(&away)["retry_after_ms"].as_u64().unwrap();
        assert!((500..=1500).contains(&after), "{after}");
        assert_eq!(name(AskError::OutcomeUnknown.into()), "outcome_unknown");
        assert_eq!(name(AskError::Draining.into()), "draining");
        assert_eq!(name(AskError::Overloaded.into()), "overloaded");
        assert_eq!(name(AskError::Failed.into()), "internal");
    }
    #[test]
    fn clients_refused_together_do_not_come_back_together() {
        let away = AskError::Unavailable {
            retry_after: Duration::from_secs(1),
        };
        let delay = |_| Error::from(away.clone()).retry_after.unwrap().as_millis() / 100;
        let tenths: std::collections::BTreeSet<u128> = (0..1_000).map(delay).collect();
        assert_eq!(
            tenths.into_iter().collect::<Vec<_>>(),
            (5..15).collect::<Vec<_>>()
        );
    }
}
