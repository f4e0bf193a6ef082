//! Makes words that people take for the same one equal: case, accents, and other forms of a character.

use crate::character::{Class, is_mark};
use unicode_normalization::UnicodeNormalization as _;

/// The maximum length of a term, in characters: `PostgreSQL` takes 2,046 bytes, and nobody looks for more.
const TERM_MAX: usize = 40;

/// Returns a word as it is compared: at most 40 characters, and none that separates words.
pub(crate) fn fold(word: &str) -> String {
    if word.is_ascii() {
        let mut folded = word.to_ascii_lowercase();
        folded.truncate(TERM_MAX);
        return folded;
    }
    let lower = word.nfkd().flat_map(char::to_lowercase);
    let kept = lower.filter(|c| !is_dropped(*c));
    // Composed again, since only some marks are dropped: か and が are two letters.
    kept.flat_map(spelled).nfc().take(TERM_MAX).collect()
}

/// Whether a character makes no difference to a word.
fn is_dropped(c: char) -> bool {
    let is_accent = matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}');
    // Hebrew and Arabic are usually written without their vowels.
    let is_vowel = matches!(c, '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{640}');
    let is_variant = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let is_hidden = matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}');
    let separates = Class::of(c) == Class::Separator && !is_mark(c);
    is_accent || is_vowel || is_variant || is_hidden || separates
}

/// Spells out letters that have two forms.
fn spelled(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    [Some(first), second].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn what_people_take_for_the_same_is_equal() {
        for (one, other) in [
            ("STRASSE", "straße"),
            ("Émile", "EMILE"),
            ("Ångström", "angstrom"),
            ("ΟΔΟΣ", "οδος"),
            ("İstanbul", "istanbul"),
            ("ＡＢＣ１２", "abc12"),
            ("ﬁsh", "fish"),
            ("cafe\u{301}", "café"),
            ("ёлка", "елка"),
            ("مُحَمَّد", "محمد"),
            ("ｶﾞ", "ガ"),
            ("☂\u{fe0f}", "☂"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (one, other) in [("か", "が"), ("काम", "कम"), ("한", "하"), ("o", "0")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn a_term_is_short_and_has_nothing_that_separates_words() {
        assert_eq!(fold(&"x".repeat(5_000)).len(), 40);
        assert_eq!(fold(&"ü".repeat(5_000)).len(), 40);
        // Their compatible forms have a slash, spaces and brackets.
        for word in ["½", "\u{fdfa}", "㈱", "é½"] {
            let folded = fold(word);
            assert!(folded.chars().all(char::is_alphanumeric), "{folded}");
        }
    }
}
