//! The table of the protocol's errors.

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
    NO_SUCH_LINK = 404 "no_such_link", "This link does not work. It may have been used up or ended. Please ask for a new one.";
    NO_SUCH_PATH = 404 "no_such_path", "There is nothing at this address. Please check it.";
    NOT_FOUND = 404 "not_found", "There is no such thing here. Please check what you asked for.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed", "This address works with another method, which the header Allow names.";
    CID_CONFLICT = 409 "cid_conflict", "Another message was sent with this cid. Please choose a new one.";
    NAME_TAKEN = 409 "name_taken", "This name is taken. Please choose another one.";
    CONFLICT = 409 "conflict", "This does not fit what is there by now. Please look again and try once more.";
    TOO_LARGE = 413 "too_large", "This is too large. Please send less at once.";
    RATE_LIMITED = 429 "rate_limited", "That was too much at once. Please wait a moment and try again.";
    INTERNAL = 500 "internal", "Something went wrong on the server. If it happens again, please tell whoever runs it.";
    OVERLOADED = 503 "overloaded", "The server is very busy. Please try again in a moment.";
    STORAGE_UNAVAILABLE = 503 "storage_unavailable", "Nothing can be sent or read at the moment. Please try again soon.";
    DRAINING = 503 "draining", "The server is about to restart. Please try again in a moment.";
    OUTCOME_UNKNOWN = 504 "outcome_unknown", "It took too long, and may or may not have been done. Please try again.";
}

#[cfg(test)]
mod tests {
    use super::{ERRORS, ErrorKind};

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
            "404 no_such_link",
            "404 no_such_path",
            "404 not_found",
            "405 method_not_allowed",
            "409 cid_conflict",
            "409 name_taken",
            "409 conflict",
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
}
