//! Which texts are reactions, and which of them are the same reaction.

use rooms::api::Refusal;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

/// The most bytes of a reaction that is no emoji; older servers stored those.
const OTHER_BYTES_MAX: usize = 32;
/// Asks for the emoji picture of the character before it. With or without it, an emoji is the same.
const EMOJI_STYLE: char = '\u{fe0f}';

/// The emojis for tones of skin and styles of hair: recommended alone, too, but missing in `emojis`.
const COMPONENTS: [&str; 9] = ["🏻", "🏼", "🏽", "🏾", "🏿", "🦰", "🦱", "🦲", "🦳"];

/// All emojis that Unicode recommends (RGI), sorted by their keys. We do not use `emojis::get`: it
/// confuses couples of one skin tone when the selectors are missing, and reads a digit with a
/// selector as a keycap.
static EMOJIS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let toned = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten();
    let all = emojis::iter().flat_map(|emoji| toned(emoji).chain([emoji]));
    let all = all.map(emojis::Emoji::as_str).chain(COMPONENTS);
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable_by(|a, b| key_of(a).cmp(key_of(b)));
    all.dedup();
    all
});

/// What a reaction consists of: an emoji, or a short text that an older server stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emoji {
    key: String,
}

impl Emoji {
    /// Parses the emoji of a reaction that someone adds.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if has_stray_selector(text) || find(text).is_none() {
            return Err(Refusal::BadRequest {
                field: "emoji",
                expected: "must be one emoji",
            });
        }
        Ok(Self::of(text))
    }

    /// Parses the emoji of a reaction that someone removes, which may be from an older server.
    pub(crate) fn parse_stored(text: &str) -> Result<Self, Refusal> {
        let blank = |c: char| c.is_control() || c.is_whitespace();
        let emoji = Self::of(text);
        let other = (1..=OTHER_BYTES_MAX).contains(&emoji.key.len()) && !text.contains(blank);
        if other || find(text).is_some() {
            return Ok(emoji);
        }
        Err(Refusal::BadRequest {
            field: "emoji",
            expected: "must be one emoji, or a text listed in `reactions`",
        })
    }

    fn of(text: &str) -> Self {
        Self {
            key: key_of(text).collect(),
        }
    }

    /// Returns the reaction that this one may be in the database instead, if it composes: older servers
    /// stored texts composed, but not across a U+FE0F that is gone now.
    pub(crate) fn composed(&self) -> Option<Self> {
        let key: String = self.key.nfc().collect();
        (key != self.key).then_some(Self { key })
    }

    /// Returns the text that is equal for equal reactions, as the database has it.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns the text that everyone sees.
    pub(crate) fn text(&self) -> &str {
        shown(&self.key)
    }
}

/// Returns the canonical (fully-qualified) form of an emoji; any other text as it is.
pub(crate) fn shown(key: &str) -> &str {
    find(key).unwrap_or(key)
}

fn find(text: &str) -> Option<&'static str> {
    let found = EMOJIS.binary_search_by(|emoji| key_of(emoji).cmp(key_of(text)));
    found.ok().map(|at| EMOJIS[at])
}

fn key_of(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| *c != EMOJI_STYLE)
}

/// Returns whether a selector has no character before it that it could select for.
fn has_stray_selector(text: &str) -> bool {
    let before = std::iter::once(EMOJI_STYLE).chain(text.chars());
    let stray =
        |(before, c): (char, char)| c == EMOJI_STYLE && matches!(before, EMOJI_STYLE | '\u{200d}');
    before.zip(text.chars()).any(stray)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Emoji::parse(text).ok().map(|emoji| emoji.text().to_owned())
    }

    #[test]
    fn every_emoji_is_the_same_without_selectors() {
        assert_eq!(EMOJIS.len(), 3_972, "of Unicode 18");
        for emoji in EMOJIS.iter() {
            let bare = emoji.replace(EMOJI_STYLE, "");
            assert_eq!(canonical(emoji).as_deref(), Some(*emoji));
            assert_eq!(canonical(&bare).as_deref(), Some(*emoji));
        }
    }

    #[test]
    fn a_reaction_is_one_emoji() {
        for (text, expected) in [
            ("👍", "👍"),
            ("👍\u{fe0f}", "👍"),
            ("❤", "❤\u{fe0f}"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("©", "©\u{fe0f}"),
            ("☝🏽", "☝🏽"),
            ("☝\u{fe0f}🏽", "☝🏽"),
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🇨🇦", "🇨🇦"),
            ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("👩🏽\u{200d}🚀", "👩🏽\u{200d}🚀"),
            ("👨🏿\u{200d}❤\u{200d}👨🏿", "👨🏿\u{200d}❤\u{fe0f}\u{200d}👨🏿"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        let longest = "👩🏻\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👩🏿";
        assert_eq!(canonical(longest).as_deref(), Some(longest));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "idiot",
            "a",
            "1",
            "1\u{fe0f}",
            "#",
            "👍👍",
            "👍a",
            "a👍",
            "👍 ",
            "🇨",
            "🇨🇦🇨",
            "\u{fe0f}",
            "\u{200d}",
            "\u{20e3}",
            "👍\u{fe0e}",
            "👍\u{fe0f}\u{fe0f}",
            "\u{fe0f}👍",
            "👩\u{200d}",
            "🇦🇧",
            "☺☺",
            "\u{200b}",
            "👍\u{200b}",
            ":+1:",
            "e\u{301}",
            "\0",
        ] {
            let refusal = Emoji::parse(text).expect_err(text);
            assert!(matches!(
                refusal,
                Refusal::BadRequest { field: "emoji", .. }
            ));
        }
    }

    #[test]
    fn what_an_older_server_stored_is_found() {
        for text in ["idiot", "👍👍", "e\u{301}", "1", "👍\u{fe0f}"] {
            assert!(Emoji::parse_stored(text).is_ok(), "{text}");
        }
        for (text, key, composed) in [
            ("e\u{301}", "e\u{301}", Some("é")),
            ("e\u{fe0f}\u{301}", "e\u{301}", Some("é")),
            ("é", "é", None),
        ] {
            let emoji = Emoji::parse_stored(text).unwrap();
            let other = emoji.composed();
            let other = other.as_ref().map(Emoji::key);
            assert_eq!((emoji.key(), other), (key, composed), "{text}");
        }
        assert_eq!(Emoji::parse_stored("👍\u{fe0f}").unwrap().text(), "👍");
        for text in ["", " ", "a b", "\0", "\u{fe0f}", &"a".repeat(33)] {
            assert!(Emoji::parse_stored(text).is_err(), "{text:?}");
        }
    }
}
