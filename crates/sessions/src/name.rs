//! Which names are valid, and when two names count as equal.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use unicode_security::confusable_detection::skeleton;

/// The longest name, in characters.
const CHARS_MAX: usize = 32;
/// More than any name of [`CHARS_MAX`] characters needs before mapping; a longer one is refused
/// unread.
const BYTES_MAX: usize = 512;

/// The `expected` text for an invalid name.
pub(crate) const EXPECTED: &str =
    "1 to 32 letters, digits or - _ . that begin and end with none of - and .";

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
        let text = UsernameCaseMapped::enforce(typed).ok()?.into_owned();
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

    /// Returns this name with `-suffix` appended, shortened so that it stays valid.
    pub(crate) fn with_suffix(&self, suffix: impl std::fmt::Display) -> Option<Self> {
        let suffix = format!("-{suffix}");
        let room = CHARS_MAX.checked_sub(suffix.len())?;
        let stem: String = self.text.chars().take(room).collect();
        Self::parse(&format!("{stem}{suffix}"))
    }
}

/// Whether the name has no punctuation but `-`, `_` and `.`, and the dash and dot not at its ends.
/// PRECIS allows all ASCII punctuation, which would end a mention or look like an address.
fn is_plain(text: &str) -> bool {
    let odd = |c: char| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '.');
    let edge = |c: char| matches!(c, '-' | '.');
    !text.contains(odd) && !text.starts_with(edge) && !text.ends_with(edge)
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
    fn a_suffix_never_makes_a_name_too_long() {
        let name = Name::parse(&"a".repeat(32)).unwrap();
        let other = name.with_suffix(17).unwrap();
        assert_eq!(other.text().chars().count(), 32);
        assert!(other.text().ends_with("a-17"));
    }
}
