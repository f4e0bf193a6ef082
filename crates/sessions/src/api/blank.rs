//! Which texts show nothing, one rule for everything that people write.

use unicode_security::confusable_detection::skeleton;

/// Characters that are blank although Unicode counts them as symbols: the null note head, the braille
/// pattern without dots, and the Egyptian blanks.
const BLANK_SYMBOLS: [char; 4] = ['\u{1d159}', '\u{2800}', '\u{13441}', '\u{13442}'];

/// Returns whether a text shows nothing: it has only white space, `Default_Ignorable_Code_Point`
/// characters (zero-width characters, fillers, variation selectors) and symbols without ink.
///
/// A skeleton (UTS 39) has no `Default_Ignorable_Code_Point` characters. It is computed only as far as
/// the first visible character.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    skeleton(text).all(|c| c.is_whitespace() || BLANK_SYMBOLS.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::is_blank;
    use serde_json::Value;

    #[test]
    fn the_table_of_cases_holds() {
        let cases: Value =
            serde_json::from_str(include_str!("../../../../tests/words.json")).unwrap();
        for (list, expected) in [("blank", true), ("visible", false)] {
            for text in cases[list].as_array().unwrap() {
                assert_eq!(is_blank(text.as_str().unwrap()), expected, "{text}");
            }
        }
    }
}
