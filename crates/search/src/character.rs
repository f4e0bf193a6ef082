//! What a character is to the index.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};

/// What a character does in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A letter or digit of a script that puts spaces between words.
    Letter,
    /// A letter of a script that does not, or where endings stick to words: Chinese, Japanese, Korean, Thai, …
    Unspaced,
    /// Belongs to the character before it, such as an accent.
    Mark,
    /// A symbol that is a word by itself, such as an emoji.
    Symbol,
    /// Everything that separates words.
    Separator,
}

impl Class {
    pub(crate) fn of(c: char) -> Self {
        if c.is_ascii() {
            return if c.is_ascii_alphanumeric() {
                Self::Letter
            } else {
                Self::Separator
            };
        }
        if is_mark(c) {
            Self::Mark
        } else if c.is_alphanumeric() {
            if is_unspaced(c) {
                Self::Unspaced
            } else {
                Self::Letter
            }
        } else if c.general_category() == GeneralCategory::OtherSymbol {
            Self::Symbol
        } else {
            Self::Separator
        }
    }
}

/// Whether a character only changes the one before it: marks, and characters that are not shown.
pub(crate) fn is_mark(c: char) -> bool {
    let is_hidden = matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}');
    is_hidden || c.general_category_group() == GeneralCategoryGroup::Mark
}

fn is_unspaced(c: char) -> bool {
    // The sound marks belong to Hiragana and Katakana alike, and so to neither.
    if matches!(c, 'ー' | 'ｰ') {
        return true;
    }
    matches!(
        c.script(),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Hangul
            | Script::Bopomofo
            | Script::Yi
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
            | Script::Tibetan
    )
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn characters_are_what_people_take_them_for() {
        for (text, class) in [
            ("aZ09äßжμأनা", Class::Letter),
            ("日本ひカーｰ한ไทຂខမ", Class::Unspaced),
            ("\u{301}\u{64b}\u{94d}\u{200d}\u{fe0f}", Class::Mark),
            ("👍™☂", Class::Symbol),
            ("_-.,'\"\0\n\u{202e}\u{3000}。、*", Class::Separator),
        ] {
            for c in text.chars().filter(|c| *c != '\u{9be}') {
                assert_eq!(Class::of(c), class, "{c:?}");
            }
        }
    }
}
