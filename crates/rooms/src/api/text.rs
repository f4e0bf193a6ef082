//! The rule for all texts that people write: NFC, no control characters, within limits.

pub use sessions::api::text::Rule;

use super::Refusal;

/// The maximum length of a message, in characters.
pub const BODY_CHARS_MAX: usize = 4_000;
/// The maximum length of a message, in bytes of UTF-8.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// The maximum length of a client's own id, in characters.
const CID_CHARS_MAX: usize = 64;

const BODY: Rule = Rule {
    field: "body",
    chars_max: BODY_CHARS_MAX,
    bytes_max: BODY_BYTES_MAX,
    lines: true,
    empty: false,
};

/// Checks a client's own id for a message or a room: 1 to 64 characters, none of them a control
/// character. Ids are compared byte by byte and not normalised.
pub fn cid(text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    if (1..=CID_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::BadRequest {
        field: "cid",
        expected: "must have 1 to 64 characters, none of them a control character",
    })
}

/// Checks the body of a message and returns it in NFC.
pub fn body(text: &str) -> Result<String, Refusal> {
    check(text, BODY)
}

/// Checks a text by the rule for all texts and returns it in NFC ([`sessions::api::text`]).
pub fn check(text: &str, rule: Rule) -> Result<String, Refusal> {
    let refuse = |why| Refusal::BadText {
        field: rule.field,
        why,
    };
    sessions::api::text::check(text, rule).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::{BODY_BYTES_MAX, BODY_CHARS_MAX, body, cid};
    use crate::api::Refusal;

    fn refused(text: &str) -> &'static str {
        match body(text) {
            Err(Refusal::BadText { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cid_has_one_to_sixty_four_characters() {
        assert!(cid("a").is_ok());
        assert!(cid(&"é".repeat(64)).is_ok());
        for bad in ["", &"a".repeat(65), "a\0b", "a\nb"] {
            let refusal = cid(bad).unwrap_err();
            assert!(matches!(refusal, Refusal::BadRequest { field: "cid", .. }));
        }
    }

    #[test]
    fn two_ways_to_write_a_letter_are_one() {
        assert_eq!(body("e\u{301}"), Ok("\u{e9}".to_owned()));
    }

    #[test]
    fn newlines_and_tabs_are_text() {
        assert_eq!(body(" a\n\tb "), Ok(" a\n\tb ".to_owned()));
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0", "a\r\nb", "\u{1b}[31m", "\u{7f}a", "a\u{85}"] {
            assert_eq!(refused(text), "holds a control character", "{text:?}");
        }
    }

    #[test]
    fn blank_is_empty() {
        for text in [
            "",
            " ",
            "\n\t",
            "\u{3000}",
            "\u{200b}",
            "\u{2060}\n",
            "\u{3164}",
        ] {
            assert_eq!(refused(text), "is empty", "{text:?}");
        }
    }

    #[test]
    fn a_body_ends_at_its_limits() {
        assert!(body(&"é".repeat(BODY_CHARS_MAX)).is_ok());
        assert_eq!(refused(&"é".repeat(BODY_CHARS_MAX + 1)), "is too long");
        assert!(body(&"🦀".repeat(BODY_BYTES_MAX / 4 + 1)).is_err());
    }
}
