//! The names that extensions may have.

/// Longest name in bytes.
const LONGEST: usize = 24;

/// Returns why this cannot be an extension's name, if it cannot.
pub(crate) fn wrong(name: &str) -> Option<&'static str> {
    (!is_name(name))
        .then_some("a name has 1 to 24 characters a-z, 0-9 and _, and begins with a letter")
}

/// Whether this can be the name of an extension, or of a command within one.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.bytes();
    let begins = characters.next().is_some_and(|c| c.is_ascii_lowercase());
    let goes_on = characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    begins && goes_on && text.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn a_name_is_short_and_lower_case() {
        for name in ["karma", "k", "a_1", "abcdefghijklmnopqrstuvwx"] {
            assert_eq!(wrong(name), None, "{name}");
        }
        let wrong_ones = [
            "",
            "Karma",
            "1a",
            "_a",
            "a-b",
            "a.b",
            "ä",
            "abcdefghijklmnopqrstuvwxy",
        ];
        for name in wrong_ones {
            assert!(wrong(name).is_some(), "{name}");
        }
    }
}
