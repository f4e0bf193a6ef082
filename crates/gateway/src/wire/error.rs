//! An error as a client gets it, and what becomes one.

use super::error_kind::{
    BAD_CREDENTIALS, BAD_REQUEST, BAD_TEXT, BANNED, CID_CONFLICT, DRAINING, ErrorKind, FORBIDDEN,
    GUESTS_OFF, INTERNAL, LIMIT_REACHED, MUTED, NAME_TAKEN, NO_SUCH_LINK, NO_SUCH_MESSAGE,
    NO_SUCH_ROOM, NO_SUCH_USER, NOT_ALLOWED_FOR_GUESTS, NOT_MEMBER, OUTCOME_UNKNOWN, OVERLOADED,
    RATE_LIMITED, STORAGE_UNAVAILABLE, TOKEN_EXPIRED,
};
use super::limit_message::limit_message;
use bus::{AskError, TraceId};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::time::Duration;

/// For a token that once was valid, or never.
const SESSION_ENDED: &str = "Your session has ended. Please sign in again.";
const OTHER_LEFT: &str = "The other person has left this conversation. They can open it again.";

/// An error as the client gets it when a command is refused or fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Its row in the table.
    pub kind: &'static ErrorKind,
    /// What the gateway's own errors are about; read it by [`Error::about`].
    pub(crate) about: Option<&'static str>,
    /// What the gateway's own errors say; read it by [`Error::expected`].
    pub(crate) expected: Option<&'static str>,
    /// Texts that are not the gateway's own; they overrule the two above. In a box, since most errors have
    /// none.
    pub(crate) owned: Option<Box<OwnedTexts>>,
    /// A free name, if the chosen one is taken.
    pub suggest: Option<Box<str>>,
    /// How long the client should wait before it tries again.
    pub retry_after: Option<Duration>,
    /// The trace under which the log has the command.
    pub trace: Option<TraceId>,
}

/// What an error from outside the gateway is about and says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnedTexts {
    about: Option<Box<str>>,
    expected: Option<Box<str>>,
}

impl Error {
    /// Returns an error of this kind.
    #[must_use]
    pub const fn new(kind: &'static ErrorKind) -> Self {
        Self {
            kind,
            about: None,
            expected: None,
            owned: None,
            suggest: None,
            retry_after: None,
            trace: None,
        }
    }

    /// Returns an error with texts that are not the gateway's own.
    #[must_use]
    pub(crate) fn owned(
        kind: &'static ErrorKind,
        about: Option<Box<str>>,
        expected: Option<Box<str>>,
    ) -> Self {
        Self {
            owned: Some(Box::new(OwnedTexts { about, expected })),
            ..Self::new(kind)
        }
    }

    /// Returns the field that is missing or wrong, or the limit that was reached.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        let owned = self.owned.as_ref().and_then(|texts| texts.about.as_deref());
        owned.or(self.about)
    }

    /// Returns what is expected of the field, or a text for people that replaces the kind's own.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        let owned = self
            .owned
            .as_ref()
            .and_then(|texts| texts.expected.as_deref());
        owned.or(self.expected)
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
        match (self.about(), self.expected()) {
            (Some(field), Some(expected)) if self.kind != &LIMIT_REACHED => {
                map.serialize_entry("message", &format_args!("{field}: {expected}"))?;
            }
            (_, words) => {
                map.serialize_entry("message", words.unwrap_or(self.kind.message))?;
            }
        }
        map.serialize_entry("retryable", &self.kind.retryable())?;
        if let Some(about) = self.about() {
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
pub(crate) fn spread(retry_after: Duration) -> Duration {
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
            R::BadText { field, why } => Self {
                kind: &BAD_TEXT,
                ..Self::field(field, why)
            },
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
            R::NoSuchLink => Self::new(&NO_SUCH_LINK),
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
    use crate::wire::ERRORS;
    use serde_json::{Value, json};

    fn shown(error: &Error) -> Value {
        serde_json::to_value(error).unwrap()
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
