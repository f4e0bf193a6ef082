//! The one rule for texts that people write: NFC, no control characters, within limits.

use super::Refusal;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Most characters of a message.
pub const BODY_CHARS_MAX: usize = 4_000;
/// Most bytes of a message, in UTF-8.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// What a text of one sort may be.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The field that a refusal names.
    pub field: &'static str,
    /// Most characters.
    pub chars_max: usize,
    /// Most bytes of UTF-8.
    pub bytes_max: usize,
    /// Whether newline and tab may be in it.
    pub lines: bool,
    /// Whether it may be empty.
    pub empty: bool,
}

const BODY: Rule = Rule {
    field: "body",
    chars_max: BODY_CHARS_MAX,
    bytes_max: BODY_BYTES_MAX,
    lines: true,
    empty: false,
};

/// The body of a message, normalised.
pub fn body(text: &str) -> Result<String, Refusal> {
    check(text, BODY)
}

/// A text in NFC, or why it will not do. White space around it stays, but does not count as text.
pub fn check(text: &str, rule: Rule) -> Result<String, Refusal> {
    let refuse = |why| {
        Err(Refusal::BadText {
            field: rule.field,
            why,
        })
    };
    let text = nfc(text);
    if !rule.empty && text.trim().is_empty() {
        return refuse("is empty");
    }
    if text.len() > rule.bytes_max || text.chars().count() > rule.chars_max {
        return refuse("is too long");
    }
    let allowed = |sign: char| !sign.is_control() || (rule.lines && matches!(sign, '\n' | '\t'));
    if !text.chars().all(allowed) {
        return refuse("holds a control character");
    }
    Ok(text)
}

/// Most texts are in NFC already, which is told much faster than made.
fn nfc(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{BODY_BYTES_MAX, BODY_CHARS_MAX, body};
    use crate::api::Refusal;

    fn refused(text: &str) -> &'static str {
        match body(text) {
            Err(Refusal::BadText { why, .. }) => why,
            other => panic!("{other:?}"),
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
    fn control_characters_are_none() {
        for text in ["a\0", "a\r\nb", "\u{1b}[31m", "\u{7f}a", "a\u{85}"] {
            assert_eq!(refused(text), "holds a control character", "{text:?}");
        }
    }

    #[test]
    fn blank_is_empty() {
        for text in ["", " ", "\n\t", "\u{3000}"] {
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
