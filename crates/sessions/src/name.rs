//! What may be called a name, and when two names are one.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use unicode_security::confusable_detection::skeleton;

/// The longest name, in characters.
const CHARS_MAX: usize = 32;
/// More than any name of [`CHARS_MAX`] characters needs before mapping: refused unread.
const BYTES_MAX: usize = 512;

/// What a bad name is told.
pub(crate) const EXPECTED: &str =
    "1 to 32 letters, digits or - _ . that begin and end with none of - and .";

/// A name that can be given to someone: in its PRECIS form (lower case, one width, NFC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    text: String,
    key: String,
}

impl Name {
    /// Reads a name as typed; `None` when nobody may be called that.
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

    /// The name as everyone sees it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Equal for names that look alike.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// This name with `-n` behind it, cut so that it stays a name.
    pub(crate) fn with_suffix(&self, suffix: impl std::fmt::Display) -> Option<Self> {
        let suffix = format!("-{suffix}");
        let room = CHARS_MAX.checked_sub(suffix.len())?;
        let stem: String = self.text.chars().take(room).collect();
        Self::parse(&format!("{stem}{suffix}"))
    }
}

/// PRECIS lets all of ASCII's punctuation through; here it would end mentions or look like an
/// address, so only three kinds stay.
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
    fn names_that_look_alike_are_one() {
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
    fn what_is_no_name_is_refused() {
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
