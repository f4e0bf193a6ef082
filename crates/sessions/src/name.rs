//! Which names are valid, and when two names count as equal.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::{PrecisFastInvocation as _, stabilize};
use unicode_security::confusable_detection::skeleton;

/// The longest name, in characters.
const CHARS_MAX: usize = 32;
/// More than any name of [`CHARS_MAX`] characters needs before mapping; a longer one is refused
/// unread.
const BYTES_MAX: usize = 512;

/// The `expected` text for an invalid name.
pub(crate) const EXPECTED: &str =
    "must have 1 to 32 letters, digits or - _ . and neither begin nor end with - or .";

/// A valid name in its PRECIS form (lower case, one width, NFC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    text: String,
    key: String,
}

impl Name {
    /// Parses a name as typed; returns `None` if it is invalid.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        if typed.len() > BYTES_MAX {
            return None;
        }
        // Once is not enough: `<` and U+0338 compose to a symbol, which the profile refuses (RFC 8264, 7).
        let text = stabilize(typed, |text| UsernameCaseMapped::enforce(text));
        let text = text.ok()?.into_owned();
        if text.chars().count() > CHARS_MAX || !is_plain(&text) {
            return None;
        }
        let key = skeleton(&text).collect();
        Some(Self { text, key })
    }

    /// Returns the name as everyone sees it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns a key that is equal for names that look alike.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether a text is this name with a number appended by [`Self::with_suffix`].
    pub(crate) fn is_suffixed_as(&self, text: &str) -> bool {
        let number = text
            .rsplit_once('-')
            .and_then(|(_, number)| number.parse::<u32>().ok());
        number
            .and_then(|number| self.with_suffix(number))
            .is_some_and(|name| name.text() == text)
    }

    /// Returns this name with `-suffix` appended, shortened so that it stays valid.
    pub(crate) fn with_suffix(&self, suffix: impl std::fmt::Display) -> Option<Self> {
        let suffix = format!("-{suffix}");
        let room = CHARS_MAX.checked_sub(suffix.len())?;
        let stem: String = self.text.chars().take(room).collect();
        Self::parse(&format!("{stem}{suffix}"))
    }
}

/// Returns whether a character may be part of a name as typed.
#[must_use]
pub fn is_name_character(c: char) -> bool {
    // These depend on their neighbours (RFC 5892, A): alone, the profile refuses them.
    let contextual = matches!(
        c,
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{200c}' | '\u{200d}' | '\u{30fb}'
    );
    let typed = c.encode_utf8(&mut [0; 4]).to_owned();
    contextual || UsernameCaseMapped::prepare(typed).is_ok_and(|typed| !typed.contains(is_odd))
}

/// Whether the name has no punctuation but `-`, `_` and `.`, and the dash and dot not at its ends.
/// PRECIS allows all ASCII punctuation, which would end a mention or look like an address.
fn is_plain(text: &str) -> bool {
    let edge = |c: char| matches!(c, '-' | '.');
    !text.contains(is_odd) && !text.starts_with(edge) && !text.ends_with(edge)
}

fn is_odd(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> String {
        Name::parse(name).unwrap().key
    }

    #[test]
    fn names_that_look_alike_are_equal() {
        for other in ["Alice", "ALICE", "\u{430}lice", "ａｌｉｃｅ", "a\u{4cf}ice"] {
            assert_eq!(key(other), key("alice"), "{other}");
        }
        assert_eq!(key("cafe\u{301}"), key("caf\u{e9}"));
    }

    #[test]
    fn different_names_stay_different() {
        for other in ["alicia", "alice-2", "bob", "ålice"] {
            assert_ne!(key(other), key("alice"), "{other}");
        }
    }

    #[test]
    fn a_name_is_shown_in_lower_case() {
        assert_eq!(Name::parse("Alice").unwrap().text(), "alice");
    }

    #[test]
    fn invalid_names_are_refused() {
        let long = "a".repeat(33);
        for typed in [
            "",
            " ",
            "a b",
            "@alice",
            "al@ice",
            "<b>",
            "a\0b",
            "a\nb",
            "-a",
            "a-",
            ".",
            "a.",
            "\u{202e}abc",
            "☃",
            "\u{200b}",
            "\u{2060}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{17b4}",
            "a\u{200b}",
            "<\u{338}a",
            "=\u{338}",
            &long,
        ] {
            assert_eq!(Name::parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn people_of_other_scripts_have_names() {
        for typed in [
            "юлия",
            "山田",
            "عمر",
            "नीता",
            "a",
            "x_y",
            "_x_",
            "mary.jane",
            "r2-d2",
        ] {
            assert!(Name::parse(typed).is_some(), "{typed}");
        }
        assert!(Name::parse(&"ю".repeat(32)).is_some());
    }

    #[test]
    fn a_name_consists_of_name_characters() {
        for typed in [
            "Ａlice",
            "юлия",
            "山田",
            "عمر",
            "नीता",
            "mary.jane_2",
            "علی\u{200c}رضا",
            "col·lega",
        ] {
            assert!(Name::parse(typed).is_some(), "{typed}");
            assert!(typed.chars().all(is_name_character), "{typed}");
        }
        for c in [
            ' ', '@', ',', '👍', '。', '，', '！', '’', '\u{200b}', '\u{fe0f}', '\n',
        ] {
            assert!(!is_name_character(c), "{c:?}");
        }
    }

    #[test]
    fn a_suffix_never_makes_a_name_too_long() {
        let name = Name::parse(&"a".repeat(32)).unwrap();
        let other = name.with_suffix(17).unwrap();
        assert_eq!(other.text().chars().count(), 32);
        assert!(other.text().ends_with("a-17"));
        assert!(name.is_suffixed_as(other.text()));
        let alice = Name::parse("alice").unwrap();
        assert!(alice.is_suffixed_as("alice-2") && !alice.is_suffixed_as("alice-b"));
        assert!(!alice.is_suffixed_as("alice") && !alice.is_suffixed_as("alicia-2"));
    }
}
