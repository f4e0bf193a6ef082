//! The form of a password that is hashed: `OpaqueString` (RFC 8265, 4.2), so that it does not depend on
//! the keyboard that it was typed on.

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Rules as _;

/// The allowed lengths of a password, in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 8..=256;

/// The `expected` text for an invalid new password.
pub(crate) const EXPECTED: &str = "must be 8 to 256 bytes long, without control characters";

/// A password as typed, and its canonical form. `Debug` is missing on purpose.
pub(crate) struct Password {
    typed: String,
    canonical: String,
}

impl Password {
    /// Maps spaces to U+0020 and normalises to NFC.
    ///
    /// We leave out the profile's list of allowed characters: its library has the tables of Unicode
    /// 6.3, which lack ten years of letters and emojis.
    pub(crate) fn new(typed: String) -> Self {
        let profile = OpaqueString::new();
        let mapped = profile.additional_mapping_rule(typed.as_str());
        let mapped = mapped.and_then(|mapped| profile.normalization_rule(mapped));
        let canonical = mapped.map_or_else(|_| typed.clone(), std::borrow::Cow::into_owned);
        Self { typed, canonical }
    }

    /// Returns the form to hash for a new password; `None` if it is invalid.
    pub(crate) fn into_new(self) -> Option<String> {
        let valid = BYTES.contains(&self.canonical.len());
        (valid && !self.canonical.contains(char::is_control)).then_some(self.canonical)
    }

    /// Returns the canonical form.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the forms to compare with a hash: the canonical one, then the typed one, which older
    /// servers hashed. Which forms these are depends on the password alone, so the time tells nothing
    /// about the account.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        let typed = (self.typed != self.canonical).then_some(self.typed.as_str());
        let forms = std::iter::once(self.canonical.as_str()).chain(typed);
        forms.filter(|form| form.len() <= *BYTES.end())
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    fn forms(typed: &str) -> Vec<String> {
        Password::new(typed.to_owned())
            .forms()
            .map(str::to_owned)
            .collect()
    }

    fn new(typed: &str) -> Option<String> {
        Password::new(typed.to_owned()).into_new()
    }

    #[test]
    fn two_ways_to_type_a_password_are_one() {
        for (one, other) in [
            ("cafe\u{301} creme", "caf\u{e9} creme"),
            ("a\u{a0}b\u{3000}c\u{2003}d e", "a b c d e"),
            ("\u{212b}ngstrom", "\u{c5}ngstrom"),
            (
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}!!",
                "\u{d55c}\u{ae00}!!",
            ),
        ] {
            assert_eq!(new(one), new(other));
            assert_eq!(forms(one), [other, one]);
            assert_eq!(forms(other), [other]);
        }
    }

    #[test]
    fn case_width_and_spaces_at_the_ends_count() {
        for (one, other) in [
            ("Password", "password"),
            ("ｐassword", "password"),
            (" password", "password"),
        ] {
            assert_ne!(new(one), new(other));
        }
    }

    #[test]
    fn emojis_are_allowed_and_control_characters_are_not() {
        for typed in ["🤖🫠❤\u{fe0f}", "👩\u{200d}🚀👩\u{200d}🚀"] {
            assert_eq!(new(typed).as_deref(), Some(typed));
        }
        for typed in [
            "",
            "seven!!",
            "a\0bcdefgh",
            "tab\tdance",
            "a\u{85}bcdefgh",
            &"a".repeat(257),
        ] {
            assert_eq!(new(typed), None, "{typed:?}");
        }
        // Seven bytes, however it is typed.
        assert_eq!((new("cafe\u{301}12"), new("caf\u{e9}12")), (None, None));
    }

    #[test]
    fn nothing_longer_than_a_password_is_compared() {
        assert!(forms(&"a".repeat(257)).is_empty());
        assert_eq!(forms(&"a".repeat(256)).len(), 1);
        assert_eq!(
            forms(&"e\u{301}".repeat(100)).len(),
            1,
            "300 bytes as typed"
        );
    }
}
