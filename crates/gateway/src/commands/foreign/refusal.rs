//! How a command outside the gateway declines, and what the client gets then.

use crate::wire::{
    BAD_REQUEST, BAD_TEXT, BANNED, CONFLICT, DRAINING, Error, ErrorKind, FORBIDDEN, INTERNAL,
    LIMIT_REACHED, MUTED, NO_SUCH_MESSAGE, NO_SUCH_ROOM, NO_SUCH_USER, NOT_ALLOWED_FOR_GUESTS,
    NOT_FOUND, NOT_MEMBER, OUTCOME_UNKNOWN, OVERLOADED, STORAGE_UNAVAILABLE, spread,
};
use bus::AskError;
use std::time::Duration;

/// Longest text that is sent, bytes; the rest is cut off.
const TEXT_MAX: usize = 512;

/// Why a command was not carried out. The texts are for people, must not repeat what the client sent, and
/// are cut at 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignRefusal {
    /// A field is missing or wrong: its name and what it must be.
    BadRequest {
        /// The name of the field.
        field: String,
        /// What the field must be, as in `must be text`.
        expected: String,
    },
    /// A text cannot be used: the name of its field and why.
    BadText {
        /// The name of the field.
        field: String,
        /// What is wrong with the text, as in `is too long`.
        why: String,
    },
    /// The caller may not do this; a text says who may, if it is given.
    Forbidden(Option<String>),
    /// The caller is not in the room.
    NotMember,
    /// The caller is muted in the room.
    Muted,
    /// The caller is banned from the room.
    Banned,
    /// Only people with an account may do this.
    NotAllowedForGuests,
    /// The caller has reached a limit: its stable name, and a text if it is given.
    LimitReached {
        /// The stable name of the limit, by which clients tell limits apart.
        limit: String,
        /// Replaces the usual text.
        message: Option<String>,
    },
    /// There is no such room, or the caller may not know of it.
    NoSuchRoom,
    /// There is no such message, or the caller may not know of it.
    NoSuchMessage,
    /// There is no such user.
    NoSuchUser,
    /// There is no such thing of the extension's own; a text says which, if it is given.
    NotFound(Option<String>),
    /// The state is another one than the caller assumes; a text says which, if it is given.
    Conflict(Option<String>),
    /// The caller does this too often.
    RateLimited {
        /// When the caller may try again.
        retry_after: Duration,
    },
    /// There is no room for the command now.
    Overloaded,
    /// The database does not answer.
    StorageUnavailable {
        /// When it may answer again.
        retry_after: Duration,
    },
    /// The server stops.
    Draining,
    /// The command may or may not have been carried out.
    OutcomeUnknown,
    /// A bug or a fault, which whoever found it has logged.
    Internal,
}

impl From<AskError> for ForeignRefusal {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Overloaded => Self::Overloaded,
            AskError::Unavailable { retry_after } => Self::StorageUnavailable { retry_after },
            AskError::OutcomeUnknown => Self::OutcomeUnknown,
            AskError::Failed => Self::Internal,
            AskError::Draining => Self::Draining,
        }
    }
}

impl From<ForeignRefusal> for Error {
    fn from(refusal: ForeignRefusal) -> Self {
        use ForeignRefusal as R;
        match refusal {
            R::BadRequest { field, expected } => about(&BAD_REQUEST, &field, Some(&expected)),
            R::BadText { field, why } => about(&BAD_TEXT, &field, Some(&why)),
            R::Forbidden(text) => saying(&FORBIDDEN, text.as_deref()),
            R::NotMember => Self::new(&NOT_MEMBER),
            R::Muted => Self::new(&MUTED),
            R::Banned => Self::new(&BANNED),
            R::NotAllowedForGuests => Self::new(&NOT_ALLOWED_FOR_GUESTS),
            R::LimitReached { limit, message } => about(&LIMIT_REACHED, &limit, message.as_deref()),
            R::NoSuchRoom => Self::new(&NO_SUCH_ROOM),
            R::NoSuchMessage => Self::new(&NO_SUCH_MESSAGE),
            R::NoSuchUser => Self::new(&NO_SUCH_USER),
            R::NotFound(text) => saying(&NOT_FOUND, text.as_deref()),
            R::Conflict(text) => saying(&CONFLICT, text.as_deref()),
            R::RateLimited { retry_after } => Self::rate_limited(retry_after),
            R::Overloaded => Self::new(&OVERLOADED),
            R::StorageUnavailable { retry_after } => Self {
                retry_after: Some(spread(retry_after)),
                ..Self::new(&STORAGE_UNAVAILABLE)
            },
            R::Draining => Self::new(&DRAINING),
            R::OutcomeUnknown => Self::new(&OUTCOME_UNKNOWN),
            R::Internal => Self::new(&INTERNAL),
        }
    }
}

fn about(kind: &'static ErrorKind, about: &str, text: Option<&str>) -> Error {
    Error::owned(kind, Some(cut(about)), text.map(cut))
}

fn saying(kind: &'static ErrorKind, text: Option<&str>) -> Error {
    match text {
        Some(text) => Error::owned(kind, None, Some(cut(text))),
        None => Error::new(kind),
    }
}

fn cut(text: &str) -> Box<str> {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shown(refusal: ForeignRefusal) -> Value {
        serde_json::to_value(Error::from(refusal)).unwrap()
    }

    #[test]
    fn texts_from_outside_reach_the_client() {
        let field = shown(ForeignRefusal::BadRequest {
            field: "limit".to_owned(),
            expected: "must be a whole number".to_owned(),
        });
        assert_eq!(
            field,
            json!({"code": 400, "name": "bad_request", "message": "limit: must be a whole number",
                "retryable": false, "field": "limit"})
        );
        let limit = shown(ForeignRefusal::LimitReached {
            limit: "pins_max".to_owned(),
            message: Some("This room has as many pins as it may have.".to_owned()),
        });
        assert_eq!(limit["limit"], "pins_max");
        assert_eq!(
            limit["message"],
            "This room has as many pins as it may have."
        );
        let missing = shown(ForeignRefusal::NotFound(Some("No such poll.".to_owned())));
        assert_eq!(
            (&missing["name"], &missing["message"]),
            (&json!("not_found"), &json!("No such poll."))
        );
    }

    #[test]
    fn without_a_text_the_usual_one_is_sent() {
        let limit = shown(ForeignRefusal::LimitReached {
            limit: "pins_max".to_owned(),
            message: None,
        });
        assert_eq!(limit["message"], LIMIT_REACHED.message);
        let conflict = shown(ForeignRefusal::Conflict(None));
        assert_eq!(conflict["message"], CONFLICT.message);
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = format!("{}ü", "x".repeat(TEXT_MAX - 1));
        let cut = shown(ForeignRefusal::Forbidden(Some(text)));
        assert_eq!(cut["message"].as_str().unwrap(), "x".repeat(TEXT_MAX - 1));
    }

    #[test]
    fn what_the_bus_reports_keeps_its_name() {
        let second = Duration::from_secs(1);
        for (error, name) in [
            (AskError::Overloaded, "overloaded"),
            (
                AskError::Unavailable {
                    retry_after: second,
                },
                "storage_unavailable",
            ),
            (AskError::OutcomeUnknown, "outcome_unknown"),
            (AskError::Failed, "internal"),
            (AskError::Draining, "draining"),
        ] {
            let kind = Error::from(error.clone()).kind;
            assert_eq!(kind.name, name);
            assert_eq!(Error::from(ForeignRefusal::from(error)).kind, kind);
        }
    }
}
